import { el, link } from "../dom.js";
import { textObject } from "../text/mrkdwn.js";

// Pictures come from this machine or from the message itself. Others stay a link: a picture's address written by a
// model could carry data out, so the page's content policy loads none.
export function picture(element, className) {
  const url = element.image_url || element.slack_file?.url || (element.slack_file?.id ? `/files/${element.slack_file.id}/picture` : "");
  const here = url.startsWith("data:image/") || url.startsWith("/") || url.startsWith(`${location.origin}/`);
  if (!here) return el("span", { class: `${className} b-image-away` }, link(url, element.alt_text || "picture"));
  return el("img", { class: className, src: url, alt: element.alt_text || "", loading: "lazy" });
}

export function image(block) {
  return el("figure", { class: "b-image" },
    block.title && el("figcaption", {}, textObject(block.title)),
    picture(block, "b-picture"));
}
