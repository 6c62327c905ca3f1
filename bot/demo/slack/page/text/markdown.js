// Markdown as models write it -> DOM nodes. `grow` adds to what is shown, so streamed text does not flicker.
import { el, link } from "../dom.js";
import { EMOJI } from "./emoji.js";
import { channelMention, emoji, mention } from "./mrkdwn.js";

export function markdown(text) {
  const out = document.createDocumentFragment();
  for (const block of blocksOf(text)) out.append(draw(block));
  return out;
}

// Replaces only blocks whose source changed; while text arrives that is the last one.
export function grow(container, text) {
  const blocks = blocksOf(text);
  blocks.forEach((block, i) => {
    const shown = container.children[i];
    if (shown?.source === block.raw) return;
    const node = draw(block);
    node.source = block.raw;
    if (shown) shown.replaceWith(node); else container.append(node);
  });
  while (container.children.length > blocks.length) container.lastElementChild.remove();
}

const FENCE = /^\s{0,3}(```+|~~~+)\s*([\w+#.-]*)\s*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_LINE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

function blocksOf(text) {
  const lines = String(text ?? "").replace(/\r\n?/g, "\n").split("\n");
  const blocks = [];
  let i = 0;
  const take = (kind, until) => {
    const start = i++;
    while (i < lines.length && !until(lines[i])) i++;
    blocks.push({ kind, lines: lines.slice(start, i), raw: `${kind}\n${lines.slice(start, i).join("\n")}` });
  };
  while (i < lines.length) {
    const line = lines[i];
    const fence = line.match(FENCE);
    if (!line.trim()) i++;
    else if (fence) {
      let closed = false;
      take("fence", (next) => closed || ((closed = next.trim().startsWith(fence[1]) && !next.trim().replace(/[`~]/g, "")), false));
    } else if (HEADING.test(line)) take("heading", () => true);
    else if (RULE.test(line)) take("rule", () => true);
    else if (/^\s{0,3}>/.test(line)) take("quote", (next) => !/^\s{0,3}>/.test(next));
    else if (ITEM.test(line)) take("list", (next) => !ITEM.test(next) && !/^\s{2,}\S/.test(next));
    else if (line.includes("|") && TABLE_LINE.test(lines[i + 1] || "") && lines[i + 1].includes("|")) take("table", (next) => !next.includes("|"));
    else take("text", (next) => !next.trim() || FENCE.test(next) || HEADING.test(next) || RULE.test(next) || /^\s{0,3}>/.test(next) || ITEM.test(next));
  }
  return blocks;
}

function draw({ kind, lines }) {
  switch (kind) {
    case "fence": return fence(lines);
    case "heading": {
      const [, marks, words] = lines[0].match(HEADING);
      return el(`h${Math.min(6, marks.length + 2)}`, { class: `md-h md-h${marks.length}` }, inline(words));
    }
    case "rule": return el("hr");
    case "quote": return el("blockquote", {}, markdown(lines.map((line) => line.replace(/^\s{0,3}>\s?/, "")).join("\n")));
    case "list": return list(lines);
    case "table": return table(lines);
    default: return el("p", {}, lines.map((line, i) => [i ? (/ {2}$/.test(lines[i - 1]) ? el("br") : "\n") : "", inline(line.trim())]));
  }
}

function fence(lines) {
  const [, marks, language] = lines[0].match(FENCE);
  const last = lines[lines.length - 1].trim();
  const closed = lines.length > 1 && last.startsWith(marks) && !last.replace(/[`~]/g, "");
  const body = lines.slice(1, closed ? -1 : undefined).join("\n");
  return el("pre", { class: "code", data: { language: language || undefined } }, el("code", {}, body));
}

function list(lines) {
  const root = { indent: -1, node: null, last: null };
  const stack = [root];
  for (const line of lines) {
    const item = line.match(ITEM);
    if (!item) {
      stack.at(-1).last?.append("\n", ...inline(line.trim()));
      continue;
    }
    const indent = item[1].length;
    while (stack.length > 1 && indent < stack.at(-1).indent) stack.pop();
    if (stack.length === 1 || indent > stack.at(-1).indent) {
      const ordered = /\d/.test(item[2]);
      const node = el(ordered ? "ol" : "ul", ordered ? { start: parseInt(item[2], 10) } : {});
      const parent = stack.at(-1).last || root.node;
      if (parent) parent.append(node); else root.node = node;
      stack.push({ indent, node, last: null });
    }
    const box = item[3].match(/^\[([ xX])\]\s+(.*)$/);
    const words = box ? [box[1] === " " ? "☐ " : "☑ ", inline(box[2])] : inline(item[3]);
    stack.at(-1).node.append(stack.at(-1).last = el("li", {}, words));
  }
  return root.node;
}

function table(lines) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
  const align = cells(lines[1]).map((mark) => (mark.endsWith(":") ? (mark.startsWith(":") ? "center" : "right") : "left"));
  const row = (line, tag) => el("tr", {}, cells(line).map((cell, i) => el(tag, { class: `to-${align[i] || "left"}`, scope: tag === "th" ? "col" : undefined }, inline(cell))));
  return el("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" },
    el("table", {}, el("thead", {}, row(lines[0], "th")), el("tbody", {}, lines.slice(2).map((line) => row(line, "td")))));
}

const INLINE = /\\([\\`*_{}[\]()#+\-.!|~<>])|(`+)(.+?)\2(?!`)|!?\[((?:[^\]\\]|\\.)*)\]\((\S+?)(?:\s+"[^"]*")?\)|\*\*(?=\S)(.+?\S?)\*\*|__(?=\S)(.+?)__(?!\w)|(?<![*\w])\*(?=[^\s*])([^*]+?)\*(?!\*)|(?<!\w)_(?=\S)([^_]+?)_(?!\w)|~~(.+?)~~|<@(\w+)(?:\|([^>]*))?>|<#(\w+)(?:\|([^>]*))?>|<(https?:\/\/[^\s<>|]+)(?:\|([^>]*))?>|(https?:\/\/[^\s<>`)\]]*[^\s<>`)\].,;:!?'"*_])|:([a-z0-9_+-]+):/g;

export function inline(text) {
  const nodes = [];
  let from = 0;
  for (const m of text.matchAll(INLINE)) {
    if (m.index > from) nodes.push(text.slice(from, m.index));
    from = m.index + m[0].length;
    nodes.push(span(m));
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

function span(m) {
  if (m[1]) return m[1];
  if (m[2]) return el("code", {}, m[3].trim());
  if (m[5]) return link(m[5], inline(m[4] || m[5]));
  if (m[6]) return el("strong", {}, inline(m[6]));
  if (m[7]) return el("strong", {}, inline(m[7]));
  if (m[8]) return el("em", {}, inline(m[8]));
  if (m[9]) return el("em", {}, inline(m[9]));
  if (m[10]) return el("s", {}, inline(m[10]));
  if (m[11]) return mention(m[11], m[12]);
  if (m[13]) return channelMention(m[13], m[14]);
  if (m[15]) return link(m[15], m[16] || m[15]);
  if (m[17]) return link(m[17], m[17]);
  return EMOJI[m[18]] ? emoji(m[18]) : m[0];
}
