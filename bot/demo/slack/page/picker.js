// The small emoji picker.
import { menu } from "./menu.js";
import { QUICK, glyph } from "./text/emoji.js";

export function menuOf(anchor, chosen) {
  const node = menu(anchor, QUICK.map((name) => ({ label: glyph(name), data: { emoji: name }, run: () => chosen(name) })), { label: "Add a reaction" });
  node.classList.add("picker");
  for (const [i, item] of [...node.children].entries()) item.setAttribute("aria-label", QUICK[i].replaceAll("_", " "));
}
