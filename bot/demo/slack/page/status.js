// The agent's session line above the composer: working (with Stop) or waiting for approval.
import { api } from "./api.js";
import { el, fill, icon } from "./dom.js";
import { store, threadKey } from "./store.js";
import { inline } from "./text/mrkdwn.js";
import { toast } from "./toast.js";

const WORDS = ["processing", "active", "suspended", "closed"];

// processing | suspended | null. Anything but Slack's four words is the app's own note while it works.
export function sessionWord(status) {
  if (!status?.status || ["active", "closed"].includes(status.status)) return null;
  return status.status === "suspended" ? "suspended" : "processing";
}

export function drawStatus(node, channel, thread, messages) {
  const status = store.statuses.get(threadKey(channel, thread || ""));
  const live = messages.filter((message) => message.streaming).at(-1);
  const word = live ? "processing" : sessionWord(status);
  const note = word && !WORDS.includes(status?.status || "processing") ? status.status : "";
  node.hidden = !word;
  node.dataset.status = word || "";
  // Redrawn only when it changed: the Stop button must not vanish under a finger.
  const source = JSON.stringify([word, note, status?.title, channel, thread, live?.thread_ts]);
  if (node.source === source) return;
  node.source = source;
  if (!word) return fill(node);
  const name = store.bot.name || "autopilot";
  const title = status?.title && el("span", { class: "status-title" }, inline(status.title));
  if (word === "suspended") return fill(node, el("span", { class: "pause-mark", "aria-hidden": "true" }), el("span", {}, `${name} is waiting for approval`), title);
  const stop = el("button", { type: "button", class: "button stop", data: { stop: "" } }, icon("calm"), "Stop");
  stop.addEventListener("click", async () => {
    stop.disabled = true;
    const answer = await api.stop(channel, thread || live?.thread_ts || live?.ts);
    stop.disabled = false;
    if (!answer.ok) toast(answer.error || "could not stop", "error");
  });
  fill(node, el("span", { class: "work-mark", "aria-hidden": "true" }), el("span", {}, note ? `${name} ${note}` : `${name} is working…`), title, stop);
}
