// "?" lists the keys.
import { el, icon } from "./dom.js";

const KEYS = [
  ["Ctrl K", "Jump to a channel or person"], ["Alt 1 … 9", "Act as someone else"], ["Alt ↑ ↓", "Channel above, below"],
  ["Enter", "Send"], ["Shift Enter", "New line"], ["↑ in an empty box", "Edit your last message"], ["@  #  /  :", "Complete people, channels, commands, emoji"],
  ["Esc", "Close the thread, the menu, the dialog"], ["On a message: ↑ ↓", "Walk through the messages"], ["t", "Open its thread"], ["r", "React"], ["e", "Edit it"], ["m", "Its menu"], ["?", "This list"],
];

export function openHelp() {
  if (document.querySelector("dialog[open]")) return;
  const before = document.activeElement;
  const close = () => { dialog.close(); dialog.remove(); before?.focus(); };
  const dialog = el("dialog", { role: "dialog", class: "help", "aria-labelledby": "help-title", data: { dialog: "help" } },
    el("div", { class: "modal-head" }, el("h2", { id: "help-title" }, "Keys"), el("button", { type: "button", class: "bar-button", "aria-label": "Close", on: { click: close } }, icon("close"))),
    el("dl", { class: "keys" }, KEYS.map(([key, says]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, says)))));
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) close(); });
  document.body.append(dialog);
  dialog.showModal();
}
