// The box people write in. Enter sends, Shift+Enter breaks the line, ↑ in an empty box edits the last own message.
import { api } from "./api.js";
import { Completion } from "./complete.js";
import { el, fill, icon } from "./dom.js";
import { toTyped } from "./spelling.js";
import { store } from "./store.js";
import { toast } from "./toast.js";

const drafts = new Map();  // what was begun in a place waits there

export class Composer {
  // `place()` -> {channel, thread, label}; `last()` -> the person's newest message here.
  constructor({ id, place, last }) {
    Object.assign(this, { place, last, editing: null });
    this.input = el("textarea", { id, class: "composer-input", rows: "1", autocomplete: "off", spellcheck: "true", data: { composer: id } });
    this.completion = new Completion(this.input);
    this.note = el("div", { class: "composer-note", hidden: true });
    this.sendButton = el("button", { type: "button", class: "send", "aria-label": "Send", data: { send: id }, on: { click: () => this.send() } }, icon("send"));
    this.node = el("div", { class: "composer" }, this.completion.node, this.note, el("div", { class: "composer-row" }, this.input, this.sendButton));
    this.input.addEventListener("input", () => this.changed());
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (event.isComposing || this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.input.value && !this.editing) {
      const message = this.last();
      if (message) { event.preventDefault(); this.edit(message); }
    } else if (event.key === "Escape" && this.editing) {
      event.stopPropagation();
      this.stopEditing();
    }
  }

  // Called when the place changes: keeps the draft of the old one and shows that of the new one.
  moved() {
    const { channel, thread, label } = this.place();
    const key = `${store.me}/${channel}/${thread || ""}`;
    if (key !== this.draftKey) {
      if (this.draftKey && !this.editing) drafts.set(this.draftKey, this.input.value);
      this.draftKey = key;
      this.stopEditing(drafts.get(key) || "");
    }
    this.input.placeholder = label;
    this.input.setAttribute("aria-label", label);
  }

  edit(message) {
    this.editing = message.ts;
    this.input.value = toTyped(message.text);
    this.note.hidden = false;
    fill(this.note, icon("pencil"), "Editing your message", el("button", { type: "button", class: "link", on: { click: () => this.stopEditing() } }, "Cancel (Esc)"));
    this.changed();
    this.input.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  stopEditing(text = "") {
    this.editing = null;
    this.note.hidden = true;
    this.input.value = text;
    this.changed();
  }

  changed() {
    this.sendButton.disabled = !this.input.value.trim();
    if (CSS.supports("field-sizing", "content")) return;
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 220)}px`;
  }

  async send(given) {
    const typed = (given ?? this.input.value).trim();
    if (!typed) return;
    const { channel, thread } = this.place();
    const editing = given === undefined ? this.editing : null;
    if (given === undefined) { this.stopEditing(); this.completion.hide(); drafts.delete(this.draftKey); }
    const answer = await this.deliver(typed, { channel, thread, editing });
    if (answer.ok) return;
    toast(answer.error || "the message was not sent", "error");
    if (given === undefined && !this.input.value) { this.input.value = typed; this.changed(); }
  }

  deliver(typed, { channel, thread, editing }) {
    if (editing) return api.edit(channel, editing, typed);
    const [, command, rest] = typed.match(/^(\/[\w-]+)\s*([\s\S]*)$/) || [];
    if (command && store.commands.some((one) => one.command === command)) {
      if (thread) return { ok: false, error: `slash commands do not work in threads; mention @${store.bot.name} instead` };
      return api.command(channel, command, rest);
    }
    return api.send(channel, typed, thread);
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }
}
