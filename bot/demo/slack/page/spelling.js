// What a person types <-> what Slack stores: @name is <@U1>, #name is <#C1>, and & < > are escaped.
import { store } from "./store.js";
import { escape, unescape } from "./text/mrkdwn.js";

export function toSlack(typed) {
  const users = new Map([...store.users.values()].map((user) => [user.name.toLowerCase(), user.id]));
  const channels = new Map(store.channels.filter((channel) => !channel.is_im).map((channel) => [channel.name, channel.id]));
  return escape(typed)
    .replace(/(^|[^\w`@])@([\w.-]*\w)/g, (whole, before, name) => (users.has(name.toLowerCase()) ? `${before}<@${users.get(name.toLowerCase())}>` : whole))
    .replace(/(^|[\s(])#([\w-]+)/g, (whole, before, name) => (channels.has(name) ? `${before}<#${channels.get(name)}|${name}>` : whole));
}

export function toTyped(text) {
  return unescape((text || "")
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (whole, id) => (store.users.has(id) ? `@${store.users.get(id).name}` : whole))
    .replace(/<#\w+\|([^>]*)>/g, "#$1")
    .replace(/<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>/g, "$1"));
}
