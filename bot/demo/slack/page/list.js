// A column of messages that stays at its end while new text arrives, unless the reader scrolled up.
import { el, fill } from "./dom.js";
import { authorOf, MessageView } from "./message.js";
import { messageKeys } from "./message_menu.js";
import { dayName, sameDay } from "./text/time.js";

const NEAR = 60;       // px from the end that still count as "at the end"
const TOGETHER = 300;  // seconds in which one person's messages share a byline

// Short lines of one person stand together; cards, streams and private notes stand alone.
function goesOn(before, message) {
  const apart = (one) => one.ephemeral_for || one.stream || one.blocks?.length || one.reply_count;
  return authorOf(before) === authorOf(message) && before.username === message.username
    && Number(message.ts) - Number(before.ts) < TOGETHER && !apart(before) && !apart(message);
}

export class MessageList {
  constructor({ inThread, empty, label }) {
    Object.assign(this, { inThread, empty, views: new Map(), pinned: true, key: null });
    this.inner = el("div", { class: "list-inner" });
    this.scroller = el("div", { class: "list", role: "log", "aria-live": "polite", "aria-label": label, tabindex: "-1" }, this.inner);
    this.jump = el("button", { type: "button", class: "to-end", hidden: true, on: { click: () => this.toEnd() } }, "New messages ↓");
    this.node = el("div", { class: "list-frame" }, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => {
      this.pinned = this.scroller.scrollTop > this.resting() - NEAR;
      if (this.pinned) this.jump.hidden = true;
    }, { passive: true });
    this.scroller.addEventListener("keydown", (event) => {
      const view = this.views.get(event.target.dataset?.ts);
      if (view) messageKeys(event, view, { inThread });
    });
    new ResizeObserver(() => { if (this.pinned) this.follow(); }).observe(this.inner);
  }

  // Where new messages bring the reader: to the end, but to the beginning of a card that is taller than the pane,
  // because what it asks stands in its first lines.
  resting() {
    const { scrollHeight, clientHeight } = this.scroller;
    const last = this.inner.lastElementChild;
    const tall = last?.dataset.streaming === "false" && last.offsetHeight > clientHeight;
    return tall ? Math.max(0, last.offsetTop - this.scroller.offsetTop) : scrollHeight - clientHeight;
  }

  follow() {
    this.scroller.scrollTop = Math.max(this.scroller.scrollTop, this.resting());
    this.jump.hidden = true;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.jump.hidden = true;
  }

  // `key` names what is shown; another key starts over, at the end.
  show(key, channel, messages, { newFrom } = {}) {
    if (key !== this.key) {
      this.key = key;
      this.views.clear();
      this.inner.replaceChildren();
      this.pinned = true;
      this.newFrom = newFrom;
    }
    const grew = messages.length > this.views.size;
    const wanted = this.rows(channel, messages);
    // Rows are moved into place one by one, so that what has not changed keeps its focus and its scroll.
    wanted.forEach((node, i) => { if (this.inner.children[i] !== node) this.inner.insertBefore(node, this.inner.children[i] || null); });
    while (this.inner.children.length > wanted.length) this.inner.lastElementChild.remove();
    if (this.pinned) this.follow(); else if (grew) this.jump.hidden = false;
  }

  rows(channel, messages) {
    const rows = [];
    const kept = new Set();
    let before = null;
    for (const message of messages) {
      const newDay = !before || !sameDay(before.ts, message.ts);
      if (newDay && !this.inThread) rows.push(this.divider(`day-${dayName(message.ts)}`, dayName(message.ts)));
      if (this.newFrom && Number(message.ts) > this.newFrom && before && Number(before.ts) <= this.newFrom) rows.push(this.divider("new", "New"));
      const compact = !newDay && goesOn(before, message);
      let view = this.views.get(message.ts);
      if (!view) this.views.set(message.ts, view = new MessageView(channel, message, { inThread: this.inThread }));
      view.update(message, compact);
      kept.add(message.ts);
      rows.push(view.node);
      before = message;
    }
    for (const ts of this.views.keys()) if (!kept.has(ts)) this.views.delete(ts);
    if (!messages.length) rows.push(this.emptyRow());
    return rows;
  }

  divider(key, label) {
    this.dividers ||= new Map();
    if (!this.dividers.has(key)) this.dividers.set(key, el("div", { class: `day${key === "new" ? " new" : ""}`, role: "separator", "aria-label": label }, el("span", {}, label)));
    return this.dividers.get(key);
  }

  emptyRow() {
    this.emptyNode ||= el("div", { class: "empty" });
    return fill(this.emptyNode, this.empty());
  }
}
