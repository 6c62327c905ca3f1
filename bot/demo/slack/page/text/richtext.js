// rich_text blocks -> DOM nodes.
import { el, link } from "../dom.js";
import { channelMention, emoji, mention } from "./mrkdwn.js";
import { slackDate } from "./time.js";

export function richText(block) {
  return el("div", { class: "rich" }, (block?.elements || []).map(part));
}

function part(element) {
  switch (element.type) {
    case "rich_text_section": return el("div", { class: "rich-section" }, (element.elements || []).map(leaf));
    case "rich_text_preformatted": return el("pre", { class: "code" }, el("code", {}, (element.elements || []).map(leaf)));
    case "rich_text_quote": return el("blockquote", {}, (element.elements || []).map(leaf));
    case "rich_text_list": return el(element.style === "ordered" ? "ol" : "ul",
      { class: `rich-list depth-${Math.min(8, Number(element.indent) || 0)}`, start: element.offset ? Number(element.offset) + 1 : undefined },
      (element.elements || []).map((item) => el("li", {}, (item.elements || []).map(leaf))));
    default: return leaf(element);
  }
}

function leaf(element) {
  switch (element.type) {
    case "text": return styled(lines(element.text), element.style);
    case "link": return styled(link(element.url, element.text || element.url), element.style);
    case "user": return styled(mention(element.user_id), element.style);
    case "usergroup": return el("span", { class: "mention group" }, `@${element.name || element.usergroup_id}`);
    case "channel": return channelMention(element.channel_id);
    case "broadcast": return el("span", { class: "mention group" }, `@${element.range}`);
    case "emoji": return emoji(element.name || "");
    case "date": return el("time", {}, slackDate(element.timestamp, element.format || "{date_short} {time}"));
    case "color": return el("code", {}, element.value);
    default: return element.text ? lines(element.text) : "";
  }
}

function lines(text) {
  return String(text ?? "").split("\n").flatMap((line, i) => (i ? [el("br"), line] : [line]));
}

function styled(content, style = {}) {
  let node = content;
  if (style.code) node = el("code", {}, node);
  if (style.bold) node = el("strong", {}, node);
  if (style.italic) node = el("em", {}, node);
  if (style.strike) node = el("s", {}, node);
  if (style.underline) node = el("u", {}, node);
  return node;
}
