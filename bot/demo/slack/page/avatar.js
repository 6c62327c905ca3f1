import { el, icon } from "./dom.js";
import { person, store } from "./store.js";

// White or ink on a person's colour, whichever has the better contrast.
function ink(color) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / (light + 0.05) > (light + 0.05) / 0.06 ? "#ffffff" : "#10181f";
}

export function colorOf(userId) {
  const color = String(person(userId)?.color || "").replace(/^#?/, "#");
  return /^#[0-9a-f]{6}$/i.test(color) ? color : "#5c6b7a";
}

export function avatar(userId, { bot = false, size = "" } = {}) {
  const user = person(userId);
  if (bot || user?.is_bot || userId === store.bot.user_id) return el("span", { class: `avatar bot ${size}`, "aria-hidden": "true" }, face());
  const words = (user?.real_name || user?.name || "?").split(/[\s._-]+/).filter(Boolean);
  const node = el("span", { class: `avatar ${size}`, "aria-hidden": "true" }, words.length ? (words[0][0] + (words[1]?.[0] || "")).toUpperCase() : icon("person"));
  node.style.background = colorOf(userId);
  node.style.color = ink(colorOf(userId));
  return node;
}

function face() {
  return el("span", { class: "bot-face" }, el("i", {}), el("i", {}));
}
