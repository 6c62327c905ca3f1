import { el } from "../dom.js";
import { plain } from "../text/mrkdwn.js";
import { richText } from "../text/richtext.js";

export function table(block) {
  const [head, ...rows] = block.rows || [];
  const settings = block.column_settings || [];
  const cell = (tag) => (item, i) => el(tag, {
    class: `to-${settings[i]?.align || (item?.type === "raw_number" ? "right" : "left")}${settings[i]?.is_wrapped ? " wraps" : ""}`,
    scope: tag === "th" ? "col" : undefined,
  }, content(item));
  return el("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" },
    el("table", {},
      el("thead", {}, el("tr", {}, (head || []).map(cell("th")))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell("td")))))));
}

function content(item) {
  if (!item) return "";
  if (item.type === "rich_text") return richText(item);
  if (item.type === "raw_number") return item.text ?? String(item.value ?? "");
  return plain(item.text ?? "");
}
