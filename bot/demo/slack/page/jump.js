// Ctrl/Cmd+K: type a few letters of a channel or a person.
import { avatar } from "./avatar.js";
import { el, fill, icon } from "./dom.js";
import { go } from "./router.js";
import { places, titleOf, withWhom } from "./sidebar.js";
import { unreadOf } from "./unread.js";

export function openJump() {
  if (document.querySelector("dialog[open]")) return;
  const before = document.activeElement;
  const input = el("input", { class: "field jump-input", type: "text", placeholder: "Jump to a channel or person", "aria-label": "Jump to", autocomplete: "off", role: "combobox", "aria-controls": "jump-list", "aria-expanded": "true" });
  const list = el("div", { id: "jump-list", role: "listbox", class: "jump-list" });
  const dialog = el("dialog", { role: "dialog", class: "jump", "aria-label": "Jump to", data: { dialog: "jump" } }, input, list, el("p", { class: "jump-foot" }, "↑ ↓ to choose, Enter to go, Esc to stay. Press ? outside a text box for all keys."));
  let found = [], at = 0;
  const close = () => { dialog.close(); dialog.remove(); };
  const take = (channel) => { close(); if (channel) go({ channel: channel.id, tab: "messages" }); else before?.focus(); };
  const draw = () => {
    const query = input.value.trim().toLowerCase().replace(/^[#@]/, "");
    const rank = (channel) => (titleOf(channel).toLowerCase().startsWith(query) ? 0 : 1) - (unreadOf(channel).any ? 0.5 : 0);
    found = places().filter((channel) => titleOf(channel).toLowerCase().includes(query)).sort((a, b) => rank(a) - rank(b));
    at = Math.min(at, Math.max(0, found.length - 1));
    fill(list, found.length ? found.map((channel, i) => el("div", {
      class: "suggestion", role: "option", id: `jump-${i}`, "aria-selected": String(i === at), data: { jumpTo: channel.id }, on: { click: () => take(channel) },
    }, channel.is_im ? avatar(withWhom(channel), { size: "tiny" }) : icon(channel.is_private ? "lock" : "hash"), el("span", {}, titleOf(channel)), unreadOf(channel).any && el("small", {}, "unread")))
      : el("p", { class: "side-empty" }, `Nothing is called “${input.value}”. Try fewer letters.`));
    input.setAttribute("aria-activedescendant", `jump-${at}`);
  };
  input.addEventListener("input", () => { at = 0; draw(); });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) { at = (at + step + found.length) % found.length; draw(); event.preventDefault(); }
    if (event.key === "Enter") { event.preventDefault(); take(found[at]); }
  });
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); take(null); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) take(null); });
  document.body.append(dialog);
  dialog.showModal();
  draw();
  input.focus();
}
