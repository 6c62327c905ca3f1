import { actAsButton } from "./people.js";
import { el, fill, icon, link } from "./dom.js";
import { openJump } from "./jump.js";
import { store } from "./store.js";
import { themeButton } from "./theme.js";

const isMac = navigator.platform.startsWith("Mac");

export function drawTopbar({ actAs, toggleSidebar }) {
  fill(document.getElementById("topbar"),
    el("button", { type: "button", class: "bar-button only-narrow", "aria-label": "Channels", "aria-controls": "sidebar", data: { drawer: "toggle" }, on: { click: toggleSidebar } }, icon("menu")),
    el("div", { class: "team" }, el("img", { src: "/static/icon.svg", alt: "", width: "24", height: "24" }), el("span", { class: "team-name" }, store.team.name || "Local Slack")),
    el("button", { type: "button", class: "jump-button", "aria-label": "Jump to a channel or person", data: { jump: "open" }, on: { click: openJump } },
      icon("search"), el("span", {}, "Jump to…"), el("kbd", {}, isMac ? "⌘K" : "Ctrl K")),
    el("nav", { class: "links", "aria-label": "More of the demo" }, store.links.map(({ label, url }) => link(url, [label, icon("out")], { class: "top-link", data: { link: label } }))),
    themeButton(),
    actAsButton(actAs));
}

export function drawBanner() {
  const name = store.bot.name || "autopilot";
  const words = !store.online ? "The local Slack does not answer; trying again…"
    : store.bot.connected === false ? `${name} is not connected; restart it and it goes on where it stopped` : "";
  const banner = document.getElementById("banner");
  banner.dataset.banner = words ? (store.online ? "bot" : "server") : "";
  fill(banner, words ? [icon("warn"), words] : []);
}
