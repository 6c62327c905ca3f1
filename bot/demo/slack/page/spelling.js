// What Slack stores -> what a person types, to edit it again. The way there is the server's.
import { store } from "./store.js";
import { unescape } from "./text/mrkdwn.js";

export function toTyped(text) {
  return unescape((text || "")
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (whole, id) => (store.users.has(id) ? `@${store.users.get(id).name}` : whole))
    .replace(/<!subteam\^\w+\|([^>]*)>/g, "$1")
    .replace(/<!(here|channel|everyone)>/g, "@$1")
    .replace(/<#\w+\|([^>]*)>/g, "#$1")
    .replace(/<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>/g, "$1"));
}
