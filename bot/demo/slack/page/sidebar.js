// Channels, direct messages and the app, with what is unread.
import { avatar } from "./avatar.js";
import { el, fill, icon, link } from "./dom.js";
import { isBotChannel, nameOf, person, store } from "./store.js";
import { unreadOf } from "./unread.js";

// The order of the sidebar, also for Alt+↑ and Alt+↓.
export function places() {
  const rooms = store.channels.filter((channel) => !channel.is_im);
  const direct = store.channels.filter((channel) => channel.is_im && !isBotChannel(channel));
  return [...rooms, ...store.channels.filter(isBotChannel), ...direct];
}

export function titleOf(channel) {
  if (!channel) return "";
  if (!channel.is_im) return channel.name;
  const other = withWhom(channel);
  return person(other)?.real_name || nameOf(other);
}

export const withWhom = (channel) => (isBotChannel(channel) ? store.bot.user_id : channel.user);

export function drawSidebar(route) {
  const group = (title, list) => list.length > 0 && el("section", { class: "side-group" },
    el("h2", {}, title), el("ul", {}, list.map((channel) => el("li", {}, place(channel, route)))));
  const all = places();
  fill(document.getElementById("sidebar"),
    group("Channels", all.filter((channel) => !channel.is_im)),
    group("Apps", all.filter(isBotChannel)),
    group("Direct messages", all.filter((channel) => channel.is_im && !isBotChannel(channel))),
    // The top bar has no room for these on a small screen.
    store.links.length > 0 && el("section", { class: "side-group side-links" }, el("h2", {}, "Elsewhere"),
      el("ul", {}, store.links.map(({ label, url }) => el("li", {}, link(url, [icon("out"), label], { class: "place" }))))));
}

function place(channel, route) {
  const { any, count } = unreadOf(channel);
  const here = channel.id === route.channel;
  const unread = any && !here;
  const bot = isBotChannel(channel);
  const connected = store.bot.connected !== false;
  return el("a", {
    class: `place${here ? " here" : ""}${unread ? " unread" : ""}`, href: `#/${channel.id}`, "aria-current": here ? "page" : undefined,
    data: { channel: channel.id, unread: String(unread) },
  },
  channel.is_im ? avatar(withWhom(channel), { size: "tiny" }) : icon(channel.is_private ? "lock" : "hash"),
  el("span", { class: "place-name" }, bot ? store.bot.name : titleOf(channel)),
  bot && el("span", { class: `presence ${connected ? "on" : "off"}`, role: "img", "aria-label": connected ? "connected" : "not connected", title: connected ? "connected" : "not connected", data: { presence: connected ? "on" : "off" } }),
  unread && (count ? el("span", { class: "badge", "aria-label": `${count} unread` }, count) : el("span", { class: "unseen" }, "unread")));
}
