// Light or dark: the system's choice until the person makes one.
import { el, icon } from "./dom.js";

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const chosen = () => localStorage.getItem(KEY);
const shown = () => chosen() || (system.matches ? "dark" : "light");

export function applyTheme() {
  document.documentElement.dataset.theme = shown();
}

export function themeButton() {
  const draw = () => {
    const other = shown() === "dark" ? "light" : "dark";
    button.replaceChildren(icon(other === "dark" ? "moon" : "sun"));
    button.setAttribute("aria-label", `Switch to ${other} colours`);
    button.title = `Switch to ${other} colours`;
  };
  const button = el("button", { type: "button", class: "bar-button", data: { theme: "toggle" }, on: { click: () => {
    localStorage.setItem(KEY, shown() === "dark" ? "light" : "dark");
    applyTheme();
    draw();
  } } });
  system.addEventListener("change", () => { applyTheme(); draw(); });
  draw();
  return button;
}
