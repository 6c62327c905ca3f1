// Builds DOM nodes. Text goes in as text nodes only: nothing in this page parses HTML.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  append(node, children);
  return node;
}

function set(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "class") node.className = value;
  else if (name === "data") for (const [key, v] of Object.entries(value)) { if (v !== undefined && v !== null) node.dataset[key] = v; }
  else if (name === "on") for (const [event, fn] of Object.entries(value)) node.addEventListener(event, fn);
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

// A link may open the web or the mail program, and nothing else: no javascript:, no data:.
export function safeHref(url) {
  try {
    const parsed = new URL(String(url), location.href);
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

export function link(url, label, props = {}) {
  const href = safeHref(url);
  if (!href) return el("span", {}, label);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer", ...props }, label);
}

const SVG = "http://www.w3.org/2000/svg";
// No prototype: names come from messages, and "constructor" must not find anything.
const PATHS = {
  __proto__: null,
  hash: "M6 2.5 4.5 13.5M11.5 2.5 10 13.5M2.8 5.6h11M2.2 10.4h11",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 0 1 5 0v2.3",
  reply: "M2.5 3.5h11v7.5H8l-3.5 2.7V11h-2z",
  smile: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.6 9.3c.5 1 1.4 1.6 2.4 1.6s1.9-.6 2.4-1.6M6 6.3v.4M10 6.3v.4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  chevron: "M4.5 6.5 8 10l3.5-3.5",
  send: "M2.5 13.5 14 8 2.5 2.5l1.5 5.5zM4 8h5",
  out: "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5l3 3",
  home: "M2.5 7.5 8 3l5.5 4.5M4 6.5v7h8v-7",
  warn: "M8 2.5 14 13H2zM8 6.5v3M8 11.3v.2",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5v3.5M8 5v.2",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 9.6a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2z",
  up: "M5 7V14M5 7l2.5-5c1 0 1.7.7 1.7 1.7V6h3.3c.8 0 1.4.8 1.2 1.6l-1.1 5c-.2.6-.7 1-1.3 1H5M5 7H2.5v7H5",
  down: "M5 9V2M5 9l2.5 5c1 0 1.7-.7 1.7-1.7V10h3.3c.8 0 1.4-.8 1.2-1.6l-1.1-5c-.2-.6-.7-1-1.3-1H5M5 9H2.5V2H5",
  trash: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.5 9h6l.5-9",
  copy: "M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3",
  pencil: "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3z",
  calm: "M5 5h6v6H5z",
  person: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 13.8c.5-2.6 2.6-4 5.2-4s4.7 1.4 5.2 4",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", name in PATHS ? `icon-${name}` : "icon-other");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] || PATHS.info);
  svg.append(path);
  return svg;
}
