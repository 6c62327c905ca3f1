// Completion above a text box: @people, #channels, /commands, :emoji:.
import { avatar } from "./avatar.js";
import { el, icon } from "./dom.js";
import { store } from "./store.js";
import { EMOJI } from "./text/emoji.js";
import { emoji } from "./text/mrkdwn.js";

const starts = (query) => (words) => words.some((word) => word && word.toLowerCase().startsWith(query.toLowerCase()));

function people(query) {
  const fits = starts(query);
  return [...store.users.values()]
    .filter((user) => fits([user.name, ...(user.real_name || "").split(" ")]))
    .sort((a, b) => Number(b.id === store.bot.user_id) - Number(a.id === store.bot.user_id))
    .map((user) => ({ insert: `@${user.name} `, before: avatar(user.id, { size: "small" }), label: `@${user.name}`, hint: user.is_bot ? "app" : user.title || user.real_name }))
    .concat(groups(query));
}

function groups(query) {
  const names = new Set([...store.users.values()].flatMap((user) => user.groups || []));
  return [...names].filter((name) => name.startsWith(query)).map((name) => ({ insert: `@${name} `, before: icon("person"), label: `@${name}`, hint: "group" }));
}

function channels(query) {
  return store.channels.filter((channel) => !channel.is_im && channel.name.startsWith(query)).map((channel) => ({ insert: `#${channel.name} `, before: icon("hash"), label: channel.name, hint: channel.topic }));
}

function commands(query) {
  return store.commands.filter((one) => one.command.slice(1).startsWith(query)).map((one) => ({ insert: `${one.command} `, label: one.command, hint: [one.usage_hint, one.description].filter(Boolean).join(" · ") }));
}

function emojis(query) {
  return Object.keys(EMOJI).filter((name) => name.startsWith(query)).map((name) => ({ insert: `:${name}: `, before: emoji(name), label: `:${name}:` }));
}

const KINDS = [
  [/(?:^|\s)(@)([\w.-]*)$/, people],
  [/(?:^|\s)(#)([\w-]*)$/, channels],
  [/^(\/)([\w-]*)$/, commands],
  [/(?:^|\s)(:)([a-z0-9_+-]{2,})$/, emojis],
];

let count = 0;

export class Completion {
  constructor(input) {
    this.input = input;
    this.id = `complete-${count += 1}`;
    this.node = el("div", { class: "suggestions", role: "listbox", id: this.id, "aria-label": "Suggestions", hidden: true });
    input.setAttribute("aria-controls", this.id);
    input.addEventListener("input", () => this.look());
    input.addEventListener("blur", () => this.hide());
  }

  get open() { return !this.node.hidden; }

  look() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    for (const [pattern, find] of KINDS) {
      const match = before.match(pattern);
      if (!match) continue;
      this.from = before.length - match[2].length - 1;
      this.items = find(match[2]).slice(0, 8);
      this.at = 0;
      return this.items.length ? this.draw() : this.hide();
    }
    this.hide();
  }

  draw() {
    this.node.hidden = false;
    this.node.replaceChildren(...this.items.map((item, i) => el("div", {
      class: "suggestion", role: "option", id: `${this.id}-${i}`, "aria-selected": String(i === this.at), data: { complete: item.insert.trim() },
      on: { pointerdown: (event) => { event.preventDefault(); this.at = i; this.take(); } },
    }, item.before, el("span", {}, item.label), item.hint && el("small", {}, item.hint))));
    this.input.setAttribute("aria-activedescendant", `${this.id}-${this.at}`);
  }

  hide() {
    this.node.hidden = true;
    this.input.removeAttribute("aria-activedescendant");
  }

  take() {
    const item = this.items[this.at];
    this.input.setRangeText(item.insert, this.from, this.input.selectionStart, "end");
    this.hide();
    this.input.dispatchEvent(new Event("input"));
    this.hide();
  }

  // True when the key was for the list.
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { this.at = (this.at + step + this.items.length) % this.items.length; this.draw(); }
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !this.isWhole())) this.take();
    else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  // What is typed already is the suggestion: Enter then sends instead of completing.
  isWhole() {
    return this.input.value.slice(this.from).trim() === this.items[this.at].insert.trim();
  }
}
