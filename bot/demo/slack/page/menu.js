// A popup menu under a button: arrow keys, letters, Esc; one at a time.
import { append, el } from "./dom.js";

let close = null;

export function menu(anchor, items, { label, wide } = {}) {
  close?.();
  const node = el("div", { class: `menu${wide ? " wide" : ""}`, role: "menu", "aria-label": label });
  for (const item of items) node.append(entry(item));
  // Inside a modal dialog everything outside it is inert, so the menu has to live there too.
  (anchor.closest("dialog") || document.body).append(node);
  place(node, anchor);
  anchor.setAttribute("aria-expanded", "true");
  const entries = [...node.querySelectorAll("[role^=menuitem]")];
  (entries.find((one) => one.getAttribute("aria-checked") === "true") || entries[0])?.focus();
  const outside = (event) => { if (!node.contains(event.target) && !anchor.contains(event.target)) close?.(); };
  const keys = (event) => {
    const at = entries.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) entries[(at + step + entries.length) % entries.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") { close(); anchor.focus(); }
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ") entries.find((one) => one.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  node.addEventListener("keydown", keys);
  document.addEventListener("pointerdown", outside, true);
  close = () => {
    close = null;
    node.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
  };
  return node;
}

function entry({ label, hint, key, href, checked, danger, data, before, run }) {
  const node = el(href ? "a" : "button", {
    class: `menu-item${danger ? " danger" : ""}`, tabindex: "-1", data,
    role: checked === undefined ? "menuitem" : "menuitemradio", "aria-checked": checked === undefined ? undefined : String(checked),
    ...(href ? { href, target: "_blank", rel: "noopener noreferrer" } : { type: "button" }),
  });
  append(node, [before, el("span", { class: "menu-label" }, label, hint && el("small", {}, hint)), key && el("kbd", {}, key)]);
  node.addEventListener("click", () => { close?.(); run?.(); });
  return node;
}

function place(node, anchor) {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = node;
  const left = Math.max(8, Math.min(box.left, innerWidth - width - 8));
  const below = box.bottom + 4 + height < innerHeight;
  node.style.left = `${left}px`;
  node.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`;
}
