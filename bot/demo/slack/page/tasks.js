// Task cards and plans: the agent's steps, the same in a live stream and in a block.
import { el, icon, link } from "./dom.js";
import { markdown } from "./text/markdown.js";
import { plain } from "./text/mrkdwn.js";
import { richText } from "./text/richtext.js";

const MARK = { __proto__: null, pending: null, in_progress: null, complete: "check", error: "cross" };
const WORD = { pending: "to do", in_progress: "in progress", complete: "done", error: "failed" };

function mark(status) {
  const node = el("span", { class: `task-mark ${status}`, role: "img", "aria-label": WORD[status] });
  if (MARK[status]) node.append(icon(MARK[status]));
  return node;
}

const isEmpty = (body) => !body || (typeof body === "object" && !(body.elements || []).length);
const body = (content) => (typeof content === "object" ? richText(content) : el("div", { class: "md" }, markdown(content)));

export function taskCard(task, openKeys) {
  const status = task.status in MARK ? task.status : "pending";
  const sources = (task.sources || []).filter((source) => source?.url);
  const unfolds = !isEmpty(task.details) || !isEmpty(task.output) || sources.length > 0;
  const head = [mark(status), el("span", { class: "task-title" }, plain(task.title)), el("span", { class: `task-word ${status}` }, WORD[status])];
  const data = { taskId: task.id, status };
  if (!unfolds) return el("div", { class: "task", data }, el("div", { class: "task-head" }, head));
  const key = `task/${task.id}`;
  return el("details", {
    class: "task", data, open: openKeys.has(key),
    on: { toggle: (event) => (event.target.open ? openKeys.add(key) : openKeys.delete(key)) },
  },
  el("summary", { class: "task-head" }, head, icon("chevron")),
  el("div", { class: "task-body" },
    !isEmpty(task.details) && el("div", { class: "task-details" }, body(task.details)),
    !isEmpty(task.output) && el("div", { class: "task-output" }, el("div", { class: "task-label" }, "Output"), body(task.output)),
    sources.length > 0 && el("div", { class: "task-sources" }, sources.map((source) => link(source.url, [icon("out"), source.text || source.url], { class: "source" })))));
}

export function plan(title, tasks, openKeys) {
  const done = tasks.filter((task) => task.status === "complete").length;
  return el("section", { class: "plan", "aria-label": title || "Plan", data: { plan: "" } },
    el("div", { class: "plan-head" }, el("span", { class: "plan-title" }, plain(title || "Plan")), tasks.length > 0 && el("span", { class: "plan-count" }, `${done} of ${tasks.length} done`)),
    tasks.map((task) => taskCard(task, openKeys)));
}
