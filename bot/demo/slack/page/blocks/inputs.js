// input blocks: a label, one field, a hint, and a place for what the server refused.
import { el, fill, icon } from "../dom.js";
import { textObject } from "../text/mrkdwn.js";
import { control, isControl } from "./controls.js";

let count = 0;

export function inputBlock(block, surface, blockId) {
  const item = block.element || {};
  const id = `input-${count += 1}`;
  if (!isControl(item.type)) return el("div", { class: "b-unknown" }, `This page cannot show a field of type “${item.type}” yet.`);
  const { node } = control(item, surface, blockId, {
    label: block.label?.text, describedBy: `${id}-hint ${id}-error`, required: !block.optional,
    changed: block.dispatch_action ? (value) => surface.act(blockId, { ...value, action_id: surface.actionId(item), block_id: blockId }) : undefined,
  });
  const focusable = ["INPUT", "TEXTAREA", "SELECT"].includes(node.tagName);
  if (focusable) node.id = id;
  return el("div", { class: "b-input" },
    el(focusable ? "label" : "div", { class: "b-label", for: focusable ? id : undefined }, textObject(block.label), block.optional && el("span", { class: "optional" }, " (optional)")),
    node,
    el("div", { class: "b-hint", id: `${id}-hint` }, textObject(block.hint)),
    el("div", { class: "b-error", id: `${id}-error`, role: "alert", data: { fieldError: "" } }));
}

// Shows what was refused beside its field, and takes the reader to the first.
export function showErrors(root, errors) {
  let first = null;
  for (const block of root.querySelectorAll(".b-input")) {
    const words = errors[block.dataset.blockId];
    const place = block.querySelector(".b-error");
    fill(place, words ? [icon("warn"), words] : []);
    block.classList.toggle("refused", Boolean(words));
    const field = block.querySelector("input, textarea, select, summary");
    if (words) field?.setAttribute("aria-invalid", "true"); else field?.removeAttribute("aria-invalid");
    if (words && !first) first = field;
  }
  first?.focus();
  return Boolean(first);
}
