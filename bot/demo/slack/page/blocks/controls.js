// Fields a person fills in. Each is {node, read}: `read` gives the value as Slack's view state spells it.
import { el } from "../dom.js";
import { nameOf, people, store } from "../store.js";
import { textObject } from "../text/mrkdwn.js";

const DRAW = {
  __proto__: null,
  plain_text_input: text("text"), rich_text_input: text("text"), email_text_input: text("email"), url_text_input: text("url"),
  number_input: text("number"), datepicker: picker("date", "selected_date", "initial_date"), timepicker: picker("time", "selected_time", "initial_time"),
  datetimepicker: moment, static_select: select, external_select: select, users_select: select, conversations_select: select, channels_select: select,
  multi_static_select: several, multi_external_select: several, multi_users_select: several, multi_conversations_select: several, multi_channels_select: several,
  checkboxes: boxes, radio_buttons: boxes,
};

export const isControl = (type) => type in DRAW;

// `changed(value)` is called when the person changed it; without it the field only counts on submit.
export function control(item, surface, blockId, { label, describedBy, required, changed }) {
  const actionId = surface.actionId(item);
  const typed = surface.typed(blockId, actionId);
  const names = { "aria-label": label, "aria-describedby": describedBy, "aria-required": required ? "true" : undefined, data: { actionId } };
  const drawn = DRAW[item.type](item, { names, typed, changed: () => changed?.(drawn.read()), immediate: Boolean(changed) });
  surface.field(blockId, actionId, drawn.read);
  return drawn;
}

function text(kind) {
  return (item, { names, typed, changed, immediate }) => {
    const initial = typed ? typed.value : item.initial_value;
    const common = { ...names, class: "field", placeholder: item.placeholder?.text, maxlength: item.max_length, value: initial ?? "", autofocus: item.focus_on_load };
    const number = kind === "number" ? { min: item.min_value, max: item.max_value, step: item.is_decimal_allowed ? "any" : "1", inputmode: "decimal" } : {};
    const node = item.multiline || item.type === "rich_text_input"
      ? el("textarea", { ...common, rows: "4" })
      : el("input", { type: kind, autocomplete: "off", ...common, ...number });
    if (immediate) node.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); changed(); } });
    return { node, read: () => ({ type: item.type, value: node.value === "" ? null : node.value }) };
  };
}

function picker(kind, key, initialKey) {
  return (item, { names, typed, changed }) => {
    const node = el("input", { type: kind, class: "field narrow", ...names, value: (typed ? typed[key] : item[initialKey]) ?? "", autofocus: item.focus_on_load });
    node.addEventListener("change", changed);
    return { node, read: () => ({ type: item.type, [key]: node.value || null }) };
  };
}

function moment(item, { names, typed, changed }) {
  const epoch = typed ? typed.selected_date_time : item.initial_date_time;
  const local = epoch ? new Date((epoch - new Date(epoch * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16) : "";
  const node = el("input", { type: "datetime-local", class: "field narrow", ...names, value: local });
  node.addEventListener("change", changed);
  return { node, read: () => ({ type: item.type, selected_date_time: node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null }) };
}

// Options of every select in one shape: {value, label, group?, option}.
function choices(item) {
  const kind = item.type.replace("multi_", "");
  if (kind === "users_select") return [...people(), ...[...store.users.values()].filter((user) => user.is_bot)].map((user) => ({ value: user.id, label: `${user.real_name || user.name}${user.title ? ` · ${user.title}` : ""}` }));
  if (kind === "channels_select" || kind === "conversations_select") return store.channels.map((channel) => ({ value: channel.id, label: channel.is_im ? `@${nameOf(channel.user)}` : `#${channel.name}` }));
  const flat = (options, group) => (options || []).map((option) => ({ value: option.value, label: option.text?.text || option.value, group, option }));
  return item.option_groups ? item.option_groups.flatMap((group) => flat(group.options, group.label?.text)) : flat(item.options);
}

const SINGLE = { users_select: "selected_user", channels_select: "selected_channel", conversations_select: "selected_conversation" };

function select(item, { names, typed, changed }) {
  const key = SINGLE[item.type] || "selected_option";
  const all = choices(item);
  const initial = typed ? typed[key] : item[key.replace("selected", "initial")];
  const chosen = initial?.value ?? initial ?? "";
  const option = (choice) => el("option", { value: choice.value, selected: choice.value === chosen }, choice.label);
  const groups = [...new Set(all.map((choice) => choice.group))];
  const node = el("select", { class: "field", ...names },
    el("option", { value: "", selected: !chosen }, item.placeholder?.text || "Choose…"),
    groups.map((group) => (group ? el("optgroup", { label: group }, all.filter((choice) => choice.group === group).map(option)) : all.filter((choice) => !choice.group).map(option))));
  node.addEventListener("change", changed);
  return { node, read: () => {
    const choice = all.find((candidate) => candidate.value === node.value);
    return { type: item.type, [key]: choice ? choice.option || choice.value : null };
  } };
}

const SEVERAL = { multi_users_select: "selected_users", multi_channels_select: "selected_channels", multi_conversations_select: "selected_conversations" };

function several(item, { names, typed, changed }) {
  const key = SEVERAL[item.type] || "selected_options";
  const all = choices(item);
  const initial = new Set(((typed ? typed[key] : item[key.replace("selected", "initial")]) || []).map((chosen) => chosen?.value ?? chosen));
  const label = el("span", {});
  const inputs = all.map((choice) => el("input", { type: "checkbox", value: choice.value, checked: initial.has(choice.value) }));
  const picked = () => all.filter((_, i) => inputs[i].checked);
  const say = () => { label.textContent = picked().map((choice) => choice.label).join(", ") || item.placeholder?.text || "Choose…"; };
  const node = el("details", { class: "several", data: names.data },
    el("summary", { class: "field", "aria-label": names["aria-label"], "aria-describedby": names["aria-describedby"] }, label),
    el("div", { class: "several-options", role: "group", "aria-label": names["aria-label"] }, all.map((choice, i) => el("label", { class: "choice" }, inputs[i], el("span", {}, choice.label)))));
  node.addEventListener("change", () => {
    if (item.max_selected_items) for (const input of inputs) input.disabled = !input.checked && picked().length >= item.max_selected_items;
    say();
    changed();
  });
  say();
  return { node, read: () => ({ type: item.type, [key]: picked().map((choice) => choice.option || choice.value) }) };
}

let groupCount = 0;

function boxes(item, { names, typed, changed }) {
  const radio = item.type === "radio_buttons";
  const initial = radio ? [typed ? typed.selected_option : item.initial_option] : (typed ? typed.selected_options : item.initial_options) || [];
  const name = `choice-${groupCount += 1}`;
  const inputs = (item.options || []).map((option) => el("input", { type: radio ? "radio" : "checkbox", name, value: option.value, checked: initial.some((chosen) => chosen?.value === option.value) }));
  const node = el("div", { class: "choices", role: radio ? "radiogroup" : "group", "aria-label": names["aria-label"], "aria-describedby": names["aria-describedby"], data: names.data },
    (item.options || []).map((option, i) => el("label", { class: "choice" }, inputs[i],
      el("span", {}, textObject(option.text), option.description && el("small", {}, textObject(option.description))))));
  node.addEventListener("change", changed);
  const picked = () => item.options.filter((_, i) => inputs[i].checked);
  return { node, read: () => ({ type: item.type, ...(radio ? { selected_option: picked()[0] || null } : { selected_options: picked() }) }) };
}
