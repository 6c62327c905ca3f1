// "Are you sure?" as Block Kit asks it. Resolves to true or false; Esc and a click outside mean no.
import { el } from "./dom.js";
import { textObject } from "./text/mrkdwn.js";

export function confirmed({ title, text, confirm, deny, style } = {}) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const yes = el("button", { type: "button", class: `button ${style === "danger" ? "danger" : "primary"}`, data: { confirm: "yes" } }, textObject(confirm || "Yes"));
    const no = el("button", { type: "button", class: "button", data: { confirm: "no" } }, textObject(deny || "Cancel"));
    const dialog = el("dialog", { role: "alertdialog", class: "confirm", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text", data: { dialog: "confirm" } },
      el("h2", { id: "confirm-title" }, textObject(title || "Are you sure?")),
      el("div", { id: "confirm-text", class: "confirm-text" }, textObject(text || "")),
      el("div", { class: "dialog-foot" }, no, yes));
    const done = (answer) => {
      dialog.close();
      dialog.remove();
      before?.focus?.();
      resolve(answer);
    };
    yes.onclick = () => done(true);
    no.onclick = () => done(false);
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); done(false); });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) done(false); });
    document.body.append(dialog);
    dialog.showModal();
    // The harmless answer has the focus: Enter by habit must not approve anything.
    no.focus();
  });
}

