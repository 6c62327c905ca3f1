import { el, icon } from "./dom.js";

export function toast(text, level = "info") {
  const node = el("div", { class: `toast ${level}`, data: { toast: level } }, icon(level === "error" ? "warn" : "info"), el("span", {}, text));
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}
