// Modals: a stack of views in one dialog. Opened, pushed, updated and closed by the app through the event stream.
import { api } from "./api.js";
import { renderBlocks } from "./blocks/index.js";
import { showErrors } from "./blocks/inputs.js";
import { Surface } from "./blocks/surface.js";
import { el, fill, icon } from "./dom.js";
import { explain } from "./toast.js";
import { textObject } from "./text/mrkdwn.js";

let stack = [];    // [{view, surface}]; the last is shown
let dialog = null;
let before = null;

const top = () => stack.at(-1);

// A known id is an update, one that names a view below it is a push, anything else opens anew.
export function receive(view) {
  const known = stack.find((entry) => entry.view.id === view.id);
  if (known) {
    // The answer to a submit and the event both bring the same view; the second changes nothing.
    if (known.surface && JSON.stringify(known.view) === JSON.stringify(view)) return;
    const typed = known.surface?.values();
    Object.assign(known, { view, surface: null, typed });
  } else if (view.previous_view_id && stack.some((entry) => entry.view.id === view.previous_view_id)) stack.push({ view });
  else stack = [{ view }];
  draw();
}

export function closed(viewId) {
  stack = stack.filter((entry) => entry.view.id !== viewId);
  draw();
}

export function closeAll() {
  stack = [];
  draw();
}

function draw() {
  if (!stack.length) return hide();
  if (!dialog) show();
  const entry = top();
  const { view } = entry;
  if (entry.surface && dialog.dataset.viewId === view.id) return;
  const body = el("div", { class: "modal-body" });
  const typed = entry.surface ? entry.surface.values() : entry.typed;
  entry.surface = new Surface({ kind: "modal", viewId: view.id, initial: typed, openKeys: entry.openKeys ||= new Set() });
  fill(body, renderBlocks(view.blocks, entry.surface));
  const submit = view.submit && el("button", { type: "submit", class: "button primary", data: { modal: "submit" } }, textObject(view.submit));
  const dismiss = el("button", { type: "button", class: "button", data: { modal: "close" }, on: { click: back } }, textObject(view.close || (stack.length > 1 ? "Back" : "Close")));
  const form = el("form", { class: "modal-form", novalidate: true },
    el("div", { class: "modal-head" }, el("h2", { id: "modal-title" }, textObject(view.title)), el("button", { type: "button", class: "bar-button", "aria-label": "Close", data: { modal: "dismiss" }, on: { click: dismissAll } }, icon("close"))),
    body,
    el("div", { class: "modal-problem", role: "alert" }),
    el("div", { class: "dialog-foot" }, dismiss, submit));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form, entry); });
  const focused = dialog.dataset.viewId === view.id && document.activeElement?.closest("[data-action-id]")?.dataset.actionId;
  fill(dialog, form);
  dialog.dataset.viewId = view.id;
  dialog.dataset.callbackId = view.callback_id || "";
  const same = focused && body.querySelector(`[data-action-id="${CSS.escape(focused)}"]`);
  (same || body.querySelector("[autofocus]") || body.querySelector("input, textarea, select, summary") || submit || dismiss).focus();
}

function show() {
  before = document.activeElement;
  dialog = el("dialog", { role: "dialog", class: "modal", "aria-labelledby": "modal-title", data: { dialog: "modal" } });
  dialog.addEventListener("cancel", (event) => { if (event.target !== dialog) return; event.preventDefault(); back(); });
  document.body.append(dialog);
  dialog.showModal();
}

function hide() {
  dialog?.close();
  dialog?.remove();
  dialog = null;
  // The button that opened it may be redrawn and gone by now.
  const back = before?.isConnected && before !== document.body ? before : document.getElementById("composer");
  back?.focus();
}

async function back() {
  const entry = stack.pop();
  draw();
  if (entry) await api.closeView(entry.view.id);
}

async function dismissAll() {
  const views = stack.reverse();
  closeAll();
  for (const { view } of views) await api.closeView(view.id);
}

async function send(form, entry) {
  const submit = form.querySelector("[data-modal=submit]");
  if (!submit || submit.disabled) return;
  const problem = form.querySelector(".modal-problem");
  fill(problem);
  submit.disabled = true;
  form.setAttribute("aria-busy", "true");
  const answer = await api.submitView(entry.view.id, { values: entry.surface.values() });
  submit.disabled = false;
  form.removeAttribute("aria-busy");
  if (answer.errors) {
    if (!showErrors(form, answer.errors)) fill(problem, icon("warn"), Object.values(answer.errors).join(" "));
  } else if (!answer.ok) fill(problem, icon("warn"), explain(answer.error) || "that was not accepted; try again");
  else if (answer.view) receive(answer.view);
  else closed(entry.view.id);
}
