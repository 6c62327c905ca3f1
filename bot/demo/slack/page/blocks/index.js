// Block Kit -> DOM. One function a block type; an unknown type says its name instead of vanishing.
import { el, icon, link } from "../dom.js";
import { markdown } from "../text/markdown.js";
import { textObject } from "../text/mrkdwn.js";
import { richText } from "../text/richtext.js";
import { plan, taskCard } from "../tasks.js";
import { element, isElement } from "./elements.js";
import { image, picture } from "./image.js";
import { inputBlock } from "./inputs.js";
import { table } from "./table.js";

export function renderBlocks(blocks, surface) {
  const out = document.createDocumentFragment();
  for (const block of blocks || []) {
    const node = renderBlock(block, surface);
    if (node) out.append(node);
  }
  return out;
}

// One malformed block must not take the rest of the conversation with it.
function attempt(draw, block, surface, blockId) {
  try {
    return draw(block, surface, blockId);
  } catch (error) {
    console.warn("a block could not be drawn", block, error);
    return el("div", { class: "b-unknown" }, `A block of type “${block.type}” could not be drawn.`);
  }
}

function renderBlock(block, surface) {
  const blockId = surface.blockId(block);
  const node = attempt(DRAW[block.type] || unknown, block, surface, blockId);
  if (node) Object.assign(node.dataset, { blockId, block: block.type });
  return node;
}

const elements = (list, surface, blockId) => (list || []).filter((item) => surface.sees(item)).map((item) => element(item, surface, blockId));

const DRAW = {
  __proto__: null,
  section: (block, surface, blockId) => el("div", { class: "b-section" },
    el("div", { class: "b-section-body" },
      block.text && el("div", { class: "b-text" }, textObject(block.text)),
      block.fields && el("div", { class: "b-fields" }, block.fields.map((field) => el("div", { class: "b-field" }, textObject(field))))),
    block.accessory && surface.sees(block.accessory) && el("div", { class: "b-accessory" }, element(block.accessory, surface, blockId))),

  header: (block) => el("h3", { class: "b-header" }, textObject(block.text)),
  divider: () => el("hr", { class: "b-divider" }),
  image: (block) => image(block),
  markdown: (block) => el("div", { class: "md" }, markdown(block.text)),
  rich_text: (block) => richText(block),
  table: (block) => table(block),
  input: (block, surface, blockId) => inputBlock(block, surface, blockId),
  task_card: (block, surface) => taskCard({ id: block.task_id, ...block }, surface.openKeys),
  plan: (block, surface) => plan(block.title, (block.tasks || []).map((task) => ({ id: task.task_id, ...task })), surface.openKeys),

  actions: (block, surface, blockId) => {
    const shown = elements(block.elements, surface, blockId);
    return shown.length ? el("div", { class: "b-actions" }, shown) : null;
  },

  context: (block) => el("div", { class: "b-context" }, (block.elements || []).map((item) => (
    item.type === "image" ? picture(item, "b-context-image") : el("div", { class: "b-context-text" }, textObject(item))))),

  context_actions: (block, surface, blockId) => {
    const shown = elements(block.elements, surface, blockId);
    return shown.length ? el("div", { class: "b-context-actions" }, shown) : null;
  },

  alert: (block) => {
    const level = ["info", "warning", "error", "success"].includes(block.level) ? block.level : "default";
    const mark = { error: "cross", warning: "warn", success: "check" }[level] || "info";
    return el("div", { class: `b-alert ${level}`, role: level === "error" ? "alert" : "note", data: { level } },
      icon(mark), el("span", { class: "unseen" }, level === "default" ? "" : `${level}: `), el("div", { class: "b-text" }, textObject(block.text)));
  },

  card: (block, surface, blockId) => el("div", { class: "b-card" },
    block.hero_image && picture(block.hero_image, "b-hero"),
    el("div", { class: "b-card-head" },
      block.icon && picture(block.icon, "b-card-icon"),
      el("div", {},
        block.title && el("div", { class: "b-card-title" }, textObject(block.title)),
        block.subtitle && el("div", { class: "b-card-subtitle" }, textObject(block.subtitle)))),
    block.body && el("div", { class: "b-text b-card-body" }, textObject(block.body)),
    block.actions && el("div", { class: "b-actions" }, elements(block.actions, surface, blockId))),

  carousel: (block, surface) => el("div", { class: "b-carousel", tabindex: "0", role: "group", "aria-label": "Cards, scroll sideways" },
    (block.elements || []).map((card) => renderBlock({ type: "card", ...card }, surface))),

  container: (block, surface, blockId) => container(block, surface, blockId),
  file: (block) => el("div", { class: "b-context" }, `File ${block.external_id || ""}`),
  video: (block) => el("div", { class: "b-section" }, link(block.title_url || block.video_url, textObject(block.title))),
};

function container(block, surface, blockId) {
  const title = [
    block.icon && picture(block.icon, "b-card-icon"),
    el("div", {},
      el("div", { class: "b-container-title" }, block.rich_text_title ? richText(block.rich_text_title) : textObject(block.title)),
      block.subtitle && el("div", { class: "b-card-subtitle" }, textObject(block.subtitle))),
  ];
  const divided = block.has_header_divider ? " divided" : "";
  const body = el("div", { class: "b-container-body" }, renderBlocks(block.child_blocks, surface));
  if (!block.is_collapsible) return el("section", { class: `b-container ${block.width || "standard"}${divided}` }, el("div", { class: "b-container-head" }, title), body);
  const key = `container/${blockId}`;
  const open = surface.openKeys.has(key) || (!block.default_collapsed && !surface.openKeys.has(`!${key}`));
  return el("details", {
    class: `b-container ${block.width || "standard"}${divided}`, open,
    on: { toggle: (event) => {
      surface.openKeys.delete(key); surface.openKeys.delete(`!${key}`);
      surface.openKeys.add(event.target.open ? key : `!${key}`);
    } },
  }, el("summary", { class: "b-container-head" }, icon("chevron"), title), body);
}

function unknown(block, surface, blockId) {
  if (isElement(block.type)) return element(block, surface, blockId);
  return el("div", { class: "b-unknown" }, `This page cannot show a block of type “${block.type}” yet.`);
}
