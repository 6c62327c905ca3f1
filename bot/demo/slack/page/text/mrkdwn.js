// Slack's mrkdwn -> DOM nodes: blocks first (fences, quotes), then inline marks, then <…> references.
import { el, link } from "../dom.js";
import { channelOf, nameOf, store } from "../store.js";
import { EMOJI, glyph } from "./emoji.js";
import { slackDate, full } from "./time.js";

export function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

export function mrkdwn(text, { verbatim = false } = {}) {
  const out = document.createDocumentFragment();
  for (const [i, piece] of String(text ?? "").split("```").entries()) {
    if (i % 2 === 1) out.append(el("pre", { class: "code" }, el("code", {}, unescape(piece.replace(/^\n|\n$/g, "")))));
    else out.append(...quotesAndLines(i ? piece.replace(/^\n/, "") : piece, verbatim));
  }
  return out;
}

function quotesAndLines(text, verbatim) {
  const nodes = [];
  let quote = null;
  const lines = text.split("\n");
  for (const [i, line] of lines.entries()) {
    const quoted = line.match(/^(?:&gt;|>)(?!>)\s?(.*)$/);
    if (quoted) {
      if (!quote) nodes.push(quote = el("blockquote"));
      else quote.append(el("br"));
      quote.append(...inline(quoted[1], verbatim));
      continue;
    }
    quote = null;
    const bullet = line.match(/^(\s*)[•◦▪]\s+(.*)$/);
    if (bullet) nodes.push(el("div", { class: "bullet", data: { depth: Math.min(3, Math.floor(bullet[1].length / 2)) } }, inline(bullet[2], verbatim)));
    else {
      nodes.push(...inline(line, verbatim));
      if (i < lines.length - 1 && (line || i)) nodes.push(el("br"));
    }
  }
  return nodes;
}

// One pass, leftmost mark first. A mark opens after a space or punctuation and closes before one, as in Slack.
const MARKS = /(`[^`\n]+`)|(<[^<>\n]+>)|(:[a-z0-9_+-]+(?:::[a-z0-9-]+)?:)|(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])|(https?:\/\/[^\s<>|`]+[^\s<>|`.,;:!?)\]'"*_~])/g;

export function inline(text, verbatim = false) {
  const nodes = [];
  let from = 0;
  for (const m of text.matchAll(MARKS)) {
    if (m.index > from) nodes.push(unescape(text.slice(from, m.index)));
    from = m.index + m[0].length;
    if (m[1]) nodes.push(el("code", {}, unescape(m[1].slice(1, -1))));
    else if (m[2]) nodes.push(reference(m[2].slice(1, -1)));
    else if (m[3]) nodes.push(EMOJI[m[3].slice(1, -1).split("::")[0]] ? emoji(m[3].slice(1, -1)) : m[3]);
    else if (m[4]) nodes.push(el("strong", {}, inline(m[4], verbatim)));
    else if (m[5]) nodes.push(el("em", {}, inline(m[5], verbatim)));
    else if (m[6]) nodes.push(el("s", {}, inline(m[6], verbatim)));
    else nodes.push(verbatim ? m[7] : link(unescape(m[7]), unescape(m[7])));
  }
  if (from < text.length) nodes.push(unescape(text.slice(from)));
  return nodes;
}

export function emoji(name) {
  const shown = glyph(name);
  return el("span", { class: `emoji${shown.length > 2 && shown.startsWith(":") ? " spelled" : ""}`, role: "img", "aria-label": name, title: `:${name}:` }, shown);
}

export function mention(userId, label) {
  const known = store.users.get(userId);
  const mine = userId === store.me ? " mine" : "";
  return el("span", { class: `mention${mine}`, data: { user: userId }, title: known?.title }, `@${known ? nameOf(userId) : label || userId}`);
}

export function channelMention(id, label) {
  const channel = channelOf(id);
  const name = `#${channel?.name || label || id}`;
  return channel ? el("a", { class: "mention", href: `#/${id}` }, name) : el("span", { class: "mention" }, name);
}

function reference(inside) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescape(inside.slice(bar + 1));
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!subteam^")) return el("span", { class: "mention group" }, label || `@${target.slice(9)}`);
  if (target.startsWith("!date^")) {
    const [, epoch, format, url] = target.split("^");
    const time = el("time", { title: full(epoch) }, slackDate(epoch, unescape(format)));
    return url ? link(unescape(url), time) : time;
  }
  if (target.startsWith("!")) return el("span", { class: "mention group" }, label || `@${target.slice(1).split("^")[0]}`);
  return link(unescape(target), label || unescape(target).replace(/^mailto:/, ""));
}

// A text object: {type: plain_text | mrkdwn, text}, or a bare string.
export function textObject(object) {
  if (!object) return "";
  const text = typeof object === "string" ? object : object.text || "";
  if (object.type === "mrkdwn") return mrkdwn(text, object);
  return plain(text);
}

export function plain(text) {
  const nodes = String(text ?? "").split(/(:[a-z0-9_+-]+:)/).map((piece, i) => (i % 2 && EMOJI[piece.slice(1, -1)] ? emoji(piece.slice(1, -1)) : unescape(piece)));
  return el("span", { class: "plain" }, nodes);
}
