// What the page knows, and who wants to hear when it changes. No DOM here.

const listeners = new Map();

export function on(topic, fn) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(fn);
  return () => listeners.get(topic).delete(fn);
}

export function emit(topic, detail) {
  for (const fn of listeners.get(topic) || []) fn(detail);
}

export const store = {
  me: null, team: { id: "", name: "" }, users: new Map(), channels: [], commands: [], links: [], shortcuts: [],
  bot: { user_id: "", name: "autopilot", connected: true },
  online: true,
  roots: new Map(),     // channel -> Map(ts -> message)
  threads: new Map(),   // channel/thread -> Map(ts -> message)
  statuses: new Map(),  // channel/thread -> {status, title}
  prompts: new Map(),   // channel -> [{title, message}]
  home: null,
};

export const threadKey = (channel, ts) => `${channel}/${ts}`;
export const person = (id) => store.users.get(id);
export const nameOf = (id) => person(id)?.name || id || "someone";
export const channelOf = (id) => store.channels.find((channel) => channel.id === id);
export const people = () => [...store.users.values()].filter((user) => !user.is_bot);
// The app's DM names whoever is on the other end: the bot for the person, the person for the app.
export const isBotChannel = (channel) => Boolean(channel?.is_im && [store.bot.user_id, store.me].includes(channel.user));
export const byTs = (a, b) => Number(a.ts) - Number(b.ts);
export const sorted = (map) => [...(map?.values() || [])].sort(byTs);

export function setState(state) {
  store.me = state.me;
  store.team = state.team || store.team;
  store.users = new Map((state.users || []).map((user) => [user.id, user]));
  store.channels = state.channels || [];
  store.commands = state.commands || [];
  store.links = state.links || [];
  store.shortcuts = state.shortcuts || [];
  store.bot = state.bot || store.bot;
  emit("state");
}

export function forgetConversations() {
  for (const map of [store.roots, store.threads, store.statuses, store.prompts]) map.clear();
  store.home = null;
}

export function setRoots(channel, { messages, status, prompts }) {
  store.roots.set(channel, new Map(messages.map((message) => [message.ts, message])));
  store.prompts.set(channel, prompts || []);
  setStatus(channel, null, status);
  emit("messages", { channel });
  emit("prompts", { channel });
}

export function setThread(channel, ts, { messages, status }) {
  store.threads.set(threadKey(channel, ts), new Map(messages.map((message) => [message.ts, message])));
  setStatus(channel, ts, status);
  emit("messages", { channel, thread: ts });
}

export function setStatus(channel, ts, status) {
  const key = threadKey(channel, ts || "");
  if (status?.status) store.statuses.set(key, status); else store.statuses.delete(key);
  emit("status", { channel, thread: ts });
}

const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

export function upsert(channel, message) {
  const roots = store.roots.get(channel);
  const fresh = !roots?.has(message.ts) && !store.threads.get(threadKey(channel, message.thread_ts))?.has(message.ts);
  if (isReply(message)) {
    store.threads.get(threadKey(channel, message.thread_ts))?.set(message.ts, message);
    if (!message.ephemeral_for) countReply(roots?.get(message.thread_ts), message, roots);
    emit("messages", { channel, thread: message.thread_ts });
  } else {
    store.threads.get(threadKey(channel, message.ts))?.set(message.ts, message);
    emit("messages", { channel, thread: message.ts });
  }
  if (!isReply(message) || message.subtype === "thread_broadcast") roots?.set(message.ts, message);
  emit("messages", { channel });
  if (fresh) emit("arrived", { channel, message });
}

// The server also sends the root again with its own count; until then the reply line should already be there.
function countReply(root, reply, roots) {
  if (!root || Number(root.latest_reply || 0) >= Number(reply.ts)) return;
  roots.set(root.ts, {
    ...root,
    reply_count: (root.reply_count || 0) + 1,
    latest_reply: reply.ts,
    reply_users: [...new Set([...(root.reply_users || []), reply.user].filter(Boolean))],
  });
}

export function forget(channel, ts) {
  store.roots.get(channel)?.delete(ts);
  for (const [key, thread] of store.threads) if (key.startsWith(`${channel}/`)) thread.delete(ts);
  emit("messages", { channel });
  emit("messages", { channel, thread: "*" });
}
