// The app's Home tab.
import { renderBlocks } from "./blocks/index.js";
import { Surface } from "./blocks/surface.js";
import { el, fill } from "./dom.js";
import { store } from "./store.js";

export class HomeTab {
  constructor() {
    this.node = el("div", { class: "home", hidden: true, tabindex: "-1", "aria-label": "Home", role: "tabpanel", data: { home: "" } });
    this.openKeys = new Set();
  }

  draw() {
    const view = store.home;
    const source = JSON.stringify([store.me, view]);
    if (source === this.source) return;
    this.source = source;
    if (!view?.blocks?.length) {
      fill(this.node, el("div", { class: "empty" }, el("h2", {}, "Nothing on Home yet"), el("p", {}, `${store.bot.name} puts its open approvals and recent work here. Ask it something on the Messages tab.`)));
      return;
    }
    const surface = new Surface({ kind: "home", viewId: view.id, openKeys: this.openKeys });
    fill(this.node, el("div", { class: "home-inner blocks" }, renderBlocks(view.blocks, surface)));
  }
}
