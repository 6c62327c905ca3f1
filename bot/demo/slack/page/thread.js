// The thread pane: beside the channel, or the whole screen when there is little room.
import { Composer } from "./composer.js";
import { el, icon } from "./dom.js";
import { MessageList } from "./list.js";
import { go } from "./router.js";
import { titleOf } from "./sidebar.js";
import { drawStatus } from "./status.js";
import { channelOf, sorted, store, threadKey } from "./store.js";
import { markSeen } from "./unread.js";

export class ThreadPane {
  constructor(root) {
    this.root = root;
    this.route = {};
    this.where = el("p", { class: "topic" });
    this.list = new MessageList({ inThread: true, label: "Thread", empty: () => [el("h2", {}, "This thread is gone"), el("p", {}, "Its first message was deleted, or this person cannot see it.")] });
    this.status = el("div", { class: "status-line", role: "status", hidden: true });
    this.composer = new Composer({ id: "thread-composer", place: () => this.place(), last: () => this.lastOwn() });
    root.append(
      el("div", { class: "pane-head" }, el("h2", {}, "Thread"), this.where, el("button", { type: "button", class: "bar-button", "aria-label": "Close the thread", title: "Close (Esc)", data: { thread: "close" }, on: { click: () => this.close() } }, icon("close"))),
      this.list.node,
      el("div", { class: "pane-foot" }, this.status, this.composer.node));
    root.addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.defaultPrevented) this.close(); });
  }

  place() {
    return { channel: this.route.channel, thread: this.route.thread, label: "Reply…" };
  }

  messages() {
    return sorted(store.threads.get(threadKey(this.route.channel, this.route.thread)));
  }

  lastOwn() {
    return this.messages().filter((message) => message.user === store.me && !message.ephemeral_for).at(-1);
  }

  close() {
    go({ channel: this.route.channel, tab: "messages" });
  }

  open(route, { focus = true } = {}) {
    const moved = route.thread !== this.route.thread || route.channel !== this.route.channel;
    this.route = route;
    this.root.hidden = !route.thread;
    document.body.classList.toggle("with-thread", Boolean(route.thread));
    if (!route.thread) return;
    this.composer.moved();
    this.draw();
    if (moved && focus) this.composer.focus();
  }

  draw() {
    if (!this.route.thread) return;
    const channel = channelOf(this.route.channel);
    this.where.textContent = channel?.is_im ? titleOf(channel) : `#${channel?.name || ""}`;
    const key = threadKey(this.route.channel, this.route.thread);
    if (!store.threads.has(key)) return;
    const messages = this.messages();
    this.list.show(`${store.me}/${key}`, this.route.channel, messages);
    if (!document.hidden) markSeen(this.route.channel, this.route.thread, messages.filter((message) => message.ts !== this.route.thread).at(-1)?.ts);
    drawStatus(this.status, this.route.channel, this.route.thread, messages);
  }
}
