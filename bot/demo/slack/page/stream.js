// A message that is still being written: text flows in at reading pace behind a caret, tasks change in place.
import { el } from "./dom.js";
import { renderBlocks } from "./blocks/index.js";
import { plan, taskCard } from "./tasks.js";
import { grow } from "./text/markdown.js";
import { asIfFinished } from "./text/unfinished.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class StreamBody {
  constructor(message, surfaceFor) {
    this.surfaceFor = surfaceFor;
    this.node = el("div", { class: "stream", data: { stream: "" } });
    this.slots = new Map();  // position or task id -> what is shown there
    this.openKeys = new Set();
    this.update(message, { atOnce: true });
  }

  update(message, { atOnce = false } = {}) {
    const { parts = [], tasks = [], plan_title: title, display_mode: mode } = message.stream;
    this.live = Boolean(message.streaming);
    this.node.setAttribute("aria-busy", String(this.live));
    this.node.classList.toggle("live", this.live);
    const asPlan = mode === "plan" || Boolean(title);
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const shown = new Set();
    let planDrawn = false;
    parts.forEach((part, i) => {
      if (part.type === "task" && asPlan) {
        if (planDrawn) return;
        planDrawn = true;
        this.swap("plan", shown, JSON.stringify([title, tasks]), () => plan(title, tasks, this.openKeys));
      } else if (part.type === "task") {
        const task = byId.get(part.id);
        if (task) this.swap(`task-${part.id}`, shown, JSON.stringify(task), () => taskCard(task, this.openKeys));
      } else if (part.type === "blocks") {
        this.swap(`blocks-${i}`, shown, JSON.stringify(part.blocks), () => el("div", { class: "blocks" }, renderBlocks(part.blocks, this.surfaceFor(this.openKeys))));
      } else this.text(`text-${i}`, shown, part.text || "", atOnce || calm.matches);
    });
    if (asPlan && !planDrawn && (title || tasks.length)) this.swap("plan", shown, JSON.stringify([title, tasks]), () => plan(title, tasks, this.openKeys));
    for (const [key, slot] of this.slots) if (!shown.has(key)) { slot.node.remove(); this.slots.delete(key); }
    this.empty(parts.length === 0 && !title);
  }

  empty(isEmpty) {
    this.node.classList.toggle("waiting", isEmpty && this.live);
  }

  // Keeps the order in which the parts first arrived; a slot whose content did not change is left alone.
  swap(key, shown, source, draw) {
    shown.add(key);
    const slot = this.slots.get(key);
    if (slot?.source === source) return;
    const node = draw();
    const hadFocus = slot?.node.contains(document.activeElement);
    if (slot) slot.node.replaceWith(node); else this.node.append(node);
    if (hadFocus) node.querySelector("summary, button")?.focus();
    this.slots.set(key, { node, source });
  }

  text(key, shown, text, atOnce) {
    shown.add(key);
    let slot = this.slots.get(key);
    if (!slot) {
      slot = { node: el("div", { class: "md stream-text" }), shownLength: 0, text: "" };
      this.slots.set(key, slot);
      this.node.append(slot.node);
    }
    // The end of a stream makes the last words final even when none are new.
    if (slot.text === text && slot.live === this.live) return;
    slot.live = this.live;
    if (!text.startsWith(slot.text.slice(0, slot.shownLength))) slot.shownLength = 0;
    slot.text = text;
    if (atOnce) this.settle(slot); else this.flow(slot);
  }

  flow(slot) {
    if (slot.frame) return;
    const step = () => {
      slot.frame = null;
      const behind = slot.text.length - slot.shownLength;
      if (behind <= 0 || !slot.node.isConnected) return this.settle(slot);
      // Further behind is faster, so a burst never lags by more than about half a second.
      slot.shownLength += Math.max(1, Math.ceil(behind / (this.live ? 14 : 6)));
      grow(slot.node, asIfFinished(slot.text.slice(0, slot.shownLength)));
      slot.frame = requestAnimationFrame(step);
    };
    slot.frame = requestAnimationFrame(step);
  }

  settle(slot) {
    slot.shownLength = slot.text.length;
    grow(slot.node, this.live ? asIfFinished(slot.text) : slot.text);
  }
}
