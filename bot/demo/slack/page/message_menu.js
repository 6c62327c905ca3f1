// The tools that appear on a message: react, reply, more.
import { api } from "./api.js";
import { confirmed } from "./confirm.js";
import { el, icon } from "./dom.js";
import { menu } from "./menu.js";
import { menuOf } from "./picker.js";
import { toggle } from "./reactions.js";
import { absolute, go } from "./router.js";
import { emit, store } from "./store.js";
import { toast } from "./toast.js";

const isMine = (message) => message.user === store.me && !message.bot_id;

export function toolbar(channel, message, { inThread }) {
  const tool = (name, label, mark, run) => el("button", { type: "button", class: "tool", "aria-label": label, title: label, data: { tool: name }, on: { click: (event) => run(event.currentTarget) } }, icon(mark));
  return el("div", { class: "tools", role: "toolbar", "aria-label": "Message actions" },
    tool("react", "Add a reaction", "smile", (anchor) => menuOf(anchor, (name) => toggle(channel, message, name))),
    !inThread && tool("thread", "Reply in thread", "reply", () => go({ channel, thread: message.thread_ts || message.ts })),
    tool("more", "More", "more", (anchor) => more(anchor, channel, message)));
}

export function more(anchor, channel, message) {
  const thread = message.thread_ts || message.ts;
  menu(anchor, [
    ...store.shortcuts.map((shortcut) => ({ label: shortcut.name, data: { shortcut: shortcut.callback_id }, before: icon("reply"), run: () => runShortcut(shortcut.callback_id, channel, message.ts) })),
    { label: "Copy link", data: { menu: "copy" }, before: icon("copy"), run: () => copy(absolute({ channel, thread })) },
    ...(isMine(message) ? [
      { label: "Edit", key: "E", data: { menu: "edit" }, before: icon("pencil"), run: () => emit("edit", { channel, message }) },
      { label: "Delete…", danger: true, data: { menu: "delete" }, before: icon("trash"), run: () => remove(channel, message) },
    ] : []),
  ], { label: "Message actions" });
}

async function runShortcut(callbackId, channel, ts) {
  const answer = await api.shortcut(callbackId, channel, ts);
  if (!answer.ok) toast(answer.error || "the shortcut did not run", "error");
}

async function copy(address) {
  try { await navigator.clipboard.writeText(address); toast("link copied"); } catch { toast(address); }
}

async function remove(channel, message) {
  if (!(await confirmed({ title: "Delete this message?", text: "It goes away for everyone.", confirm: "Delete", style: "danger" }))) return;
  const answer = await api.remove(channel, message.ts);
  if (!answer.ok) toast(answer.error || "the message was not deleted", "error");
}

// With a message focused: t opens its thread, r reacts, e edits, m shows the menu, arrows walk.
export function messageKeys(event, view, { inThread }) {
  if (event.target !== view.node || event.ctrlKey || event.metaKey || event.altKey) return;
  const tool = (name) => view.node.querySelector(`[data-tool=${name}]`)?.click();
  const walk = (step) => {
    const all = [...view.node.parentElement.querySelectorAll(".message")];
    all[all.indexOf(view.node) + step]?.focus();
  };
  const run = { t: () => !inThread && tool("thread"), r: () => tool("react"), m: () => tool("more"), ArrowUp: () => walk(-1), ArrowDown: () => walk(1), e: () => isMine(view.message) && emit("edit", { channel: view.channel, message: view.message }) }[event.key];
  if (!run) return;
  event.preventDefault();
  run();
}
