// The page's calls to the local Slack: one function a row of docs/local-slack.md.
import { store } from "./store.js";

async function answer(response) {
  let body;
  try { body = await response.json(); } catch { body = {}; }
  if (!response.ok && body.ok === undefined) return { ok: false, error: `http_${response.status}` };
  return body;
}

async function get(path, query) {
  const url = `${path}?${new URLSearchParams(query)}`;
  const response = await fetch(url, { headers: { accept: "application/json" } });
  const body = await response.json();
  if (body.ok === false) throw new Error(`${path} answered ${body.error}`);
  return body;
}

// A click must never throw into an event handler: a dead server is an answer like any other.
async function post(path, body) {
  try {
    return await answer(await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ as: store.me, ...body }),
    }));
  } catch {
    return { ok: false, error: "the local Slack does not answer; is it still running?" };
  }
}

export const api = {
  state: (as) => get("/ui/state", as ? { as } : {}),
  messages: (channel, threadTs) => get("/ui/messages", { as: store.me, channel, ...(threadTs ? { thread_ts: threadTs } : {}) }),
  send: (channel, text, threadTs) => post("/ui/send", { channel, text, ...(threadTs ? { thread_ts: threadTs } : {}) }),
  edit: (channel, ts, text) => post("/ui/edit", { channel, ts, text }),
  remove: (channel, ts) => post("/ui/delete", { channel, ts }),
  command: (channel, command, text) => post("/ui/command", { channel, command, text }),
  action: (body) => post("/ui/action", body),
  submitView: (viewId, state) => post("/ui/view_submit", { view_id: viewId, state }),
  closeView: (viewId) => post("/ui/view_close", { view_id: viewId }),
  home: (tab) => post("/ui/home", { tab }),
  react: (channel, ts, name, remove) => post("/ui/react", { channel, ts, name, ...(remove ? { remove } : {}) }),
  stop: (channel, threadTs) => post("/ui/stop", { channel, thread_ts: threadTs }),
  shortcut: (callbackId, channel, ts) => post("/ui/shortcut", { callback_id: callbackId, channel, message_ts: ts }),
};

// Server-Sent Events for one person. The browser's own EventSource gives up on some errors, so we reopen it
// ourselves. The server says hello when it listens for us: what it says from then on arrives, and what it said
// before has to be fetched, so `onHello` fires at the first opening as after every gap.
export function events(as, onEvent, onHello) {
  let source, timer, wasLost = false, closed = false, delay = 500;
  const open = () => {
    source = new EventSource(`/ui/stream?${new URLSearchParams({ as })}`);
    source.addEventListener("hello", () => {
      delay = 500;
      wasLost = false;
      onHello();
    });
    source.onmessage = (message) => {
      let event;
      try { event = JSON.parse(message.data); } catch { return; }
      onEvent(event);
    };
    source.onerror = () => {
      source.close();
      if (closed) return;
      if (!wasLost) { wasLost = true; onEvent({ type: "offline" }); }
      timer = setTimeout(open, delay);
      delay = Math.min(delay * 2, 5000);
    };
  };
  open();
  return () => { closed = true; clearTimeout(timer); source.close(); };
}
