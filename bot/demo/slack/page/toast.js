import { el, icon } from "./dom.js";

// What the server says in a word, said to a person.
const SAID = {
  __proto__: null,
  app_did_not_respond: "the app did not answer within 3 seconds; is it connected?", nothing_to_stop: "there is nothing left to stop",
  message_not_found: "this message is gone", not_found: "this is gone; it was changed or closed meanwhile",
  channel_not_found: "this channel does not exist for you", unknown_shortcut: "the app does not offer this shortcut", unknown_command: "the app does not know this command",
};

export const explain = (error) => SAID[error] || error;

export function toast(text, level = "info") {
  const node = el("div", { class: `toast ${level}`, data: { toast: level } }, icon(level === "error" ? "warn" : "info"), el("span", {}, explain(text)));
  const place = document.getElementById("toasts");
  // Passing remarks replace each other; a failure stays until it was read.
  if (level === "info") for (const earlier of place.querySelectorAll("[data-toast=info]")) earlier.remove();
  place.append(node);
  setTimeout(() => node.remove(), level === "error" ? 8000 : 3000);
}
