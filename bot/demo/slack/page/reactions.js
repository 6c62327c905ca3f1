import { api } from "./api.js";
import { el, icon } from "./dom.js";
import { menuOf } from "./picker.js";
import { nameOf, store } from "./store.js";
import { glyph } from "./text/emoji.js";
import { toast } from "./toast.js";

export async function toggle(channel, message, name) {
  const mine = (message.reactions || []).find((one) => one.name === name)?.users?.includes(store.me);
  const answer = await api.react(channel, message.ts, name, Boolean(mine));
  if (!answer.ok) toast(answer.error || "the reaction was not taken", "error");
}

export function reactions(channel, message) {
  const list = (message.reactions || []).filter((one) => (one.count ?? one.users?.length) > 0);
  if (!list.length) return null;
  const add = el("button", { type: "button", class: "reaction add", "aria-label": "Add a reaction" }, icon("smile"));
  add.addEventListener("click", () => menuOf(add, (name) => toggle(channel, message, name)));
  return el("div", { class: "reactions" }, list.map(({ name, users = [], count }) => {
    const mine = users.includes(store.me);
    const who = users.map(nameOf).join(", ");
    return el("button", {
      type: "button", class: "reaction", "aria-pressed": String(mine), title: `${who} · :${name}:`, "aria-label": `${name}: ${who}`,
      data: { reaction: name }, on: { click: () => toggle(channel, message, name) },
    }, glyph(name), el("span", {}, count ?? users.length));
  }), add);
}
