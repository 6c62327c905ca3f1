// What can be pressed or chosen inside section, actions, card and context_actions blocks.
import { el, icon, safeHref } from "../dom.js";
import { menu } from "../menu.js";
import { textObject } from "../text/mrkdwn.js";
import { picture } from "./image.js";
import { control, isControl } from "./controls.js";

const DRAW = { __proto__: null, button, workflow_button: button, overflow, feedback_buttons: feedback, icon_button: iconButton, image: (item) => picture(item, "b-thumb") };

export const isElement = (type) => type in DRAW || isControl(type);

export function element(item, surface, blockId) {
  if (DRAW[item.type]) return DRAW[item.type](item, surface, blockId);
  if (isControl(item.type)) {
    // Outside an input block a choice is an action of its own and is sent at once.
    const { node } = control(item, surface, blockId, {
      label: item.placeholder?.text || item.type.replaceAll("_", " "),
      changed: (value) => surface.act(blockId, { ...value, action_id: surface.actionId(item), block_id: blockId }, { node, confirm: item.confirm }),
    });
    return node;
  }
  if (item.type === "mrkdwn" || item.type === "plain_text") return el("span", {}, textObject(item));
  return el("span", { class: "b-unknown" }, `“${item.type}”`);
}

function hooks(item, surface, extra = {}) {
  return { actionId: surface.actionId(item), value: item.value, ...extra };
}

function button(item, surface, blockId) {
  const style = ["primary", "danger"].includes(item.style) ? ` ${item.style}` : "";
  const href = item.url && safeHref(item.url);
  const node = el(href ? "a" : "button", {
    class: `button${style}`, "aria-label": item.accessibility_label, data: hooks(item, surface),
    ...(href ? { href, target: "_blank", rel: "noopener noreferrer" } : { type: "button" }),
  }, textObject(item.text), href && icon("out"));
  const action = { type: "button", action_id: surface.actionId(item), block_id: blockId, text: item.text, value: item.value, style: item.style };
  node.addEventListener("click", () => surface.act(blockId, action, { node, confirm: href ? null : item.confirm }));
  return node;
}

function overflow(item, surface, blockId) {
  const node = el("button", { type: "button", class: "button quiet", "aria-label": item.accessibility_label || "More actions", "aria-haspopup": "menu", data: hooks(item, surface) }, icon("more"));
  node.addEventListener("click", () => menu(node, (item.options || []).map((option) => ({
    label: textObject(option.text), hint: option.description && textObject(option.description), href: option.url, data: { value: option.value },
    run: () => surface.act(blockId, { type: "overflow", action_id: surface.actionId(item), block_id: blockId, selected_option: option }, { node, confirm: item.confirm }),
  }))));
  return node;
}

function feedback(item, surface, blockId) {
  const choose = (which, mark, fallback) => {
    const choice = item[which] || {};
    const label = choice.accessibility_label || choice.text?.text || fallback;
    const node = el("button", { type: "button", class: "button quiet", title: choice.text?.text, "aria-label": label, "aria-pressed": "false", data: hooks(item, surface, { value: choice.value, feedback: which.split("_")[0] }) }, icon(mark));
    node.addEventListener("click", () => {
      for (const other of node.parentElement.querySelectorAll("[aria-pressed]")) other.setAttribute("aria-pressed", String(other === node));
      surface.act(blockId, { type: "feedback_buttons", action_id: surface.actionId(item), block_id: blockId, text: choice.text, value: choice.value }, { node });
    });
    return node;
  };
  return el("span", { class: "b-feedback", role: "group", "aria-label": "Was this helpful?" }, choose("positive_button", "up", "Good answer"), choose("negative_button", "down", "Bad answer"));
}

function iconButton(item, surface, blockId) {
  const label = item.accessibility_label || item.text?.text || item.icon;
  const node = el("button", { type: "button", class: "button quiet", "aria-label": label, title: item.text?.text, data: hooks(item, surface) }, icon(item.icon));
  const action = { type: "icon_button", action_id: surface.actionId(item), block_id: blockId, value: item.value };
  node.addEventListener("click", () => surface.act(blockId, action, { node, confirm: item.confirm }));
  return node;
}
