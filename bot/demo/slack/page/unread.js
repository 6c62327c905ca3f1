// What this person has not seen yet. Kept per person for the life of the tab, so switching back and forth works.
import { emit, sorted, store } from "./store.js";

const KEY = "seen";
const seen = JSON.parse(sessionStorage.getItem(KEY) || "{}");

const at = (place) => Number(seen[`${store.me}/${place}`] || 0);
const fromOthers = (message) => message.user !== store.me;

export function markSeen(channel, thread, ts) {
  const place = thread ? `${channel}/${thread}` : channel;
  if (!ts || at(place) >= Number(ts)) return;
  seen[`${store.me}/${place}`] = ts;
  sessionStorage.setItem(KEY, JSON.stringify(seen));
  emit("unread");
}

export function seenUntil(channel) {
  return at(channel);
}

export function isUnreadThread(channel, root) {
  return Number(root.latest_reply || 0) > at(`${channel}/${root.ts}`);
}

const speaksToMe = (message) => (message.text || "").includes(`<@${store.me}>`);

export function unreadOf(channel) {
  const fresh = sorted(store.roots.get(channel.id)).filter((message) => fromOthers(message) && Number(message.ts) > at(channel.id));
  const threads = sorted(store.roots.get(channel.id)).some((root) => isUnreadThread(channel.id, root));
  return { any: fresh.length > 0 || threads, count: channel.is_im ? fresh.length : fresh.filter(speaksToMe).length };
}
