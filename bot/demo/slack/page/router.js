// The address bar always names what is shown: ?as=U1#/C1, #/C1/thread/1699.01, #/D1/home.

export function parse(hash) {
  const [channel, kind, ts] = decodeURI(hash || "").replace(/^#\/?/, "").split("/");
  if (kind === "thread" && ts) return { channel, thread: ts, tab: "messages" };
  if (kind === "home") return { channel, thread: null, tab: "home" };
  return { channel: channel || null, thread: null, tab: "messages" };
}

export function format({ channel, thread, tab }) {
  if (thread) return `#/${channel}/thread/${thread}`;
  return tab === "home" ? `#/${channel}/home` : `#/${channel}`;
}

export function current() {
  return parse(location.hash);
}

export function go(route) {
  const hash = format(route);
  if (location.hash === hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

// The first address is filled in, not pushed: "back" must leave the page, not land on an empty one.
export function replace(route) {
  history.replaceState(null, "", `${location.pathname}${location.search}${format(route)}`);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function personInAddress() {
  return new URLSearchParams(location.search).get("as");
}

export function namePerson(userId) {
  const query = new URLSearchParams(location.search);
  query.set("as", userId);
  history.replaceState(null, "", `${location.pathname}?${query}${location.hash}`);
}

export function absolute(route) {
  return `${location.origin}${location.pathname}${format(route)}`;
}
