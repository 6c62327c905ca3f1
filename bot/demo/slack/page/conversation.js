// The main pane: a channel, a direct message, or the app with its Home and Messages tabs.
import { api } from "./api.js";
import { Composer } from "./composer.js";
import { el, fill, icon } from "./dom.js";
import { HomeTab } from "./home.js";
import { MessageList } from "./list.js";
import { go } from "./router.js";
import { titleOf } from "./sidebar.js";
import { drawStatus } from "./status.js";
import { channelOf, isBotChannel, person, sorted, store } from "./store.js";
import { toast } from "./toast.js";
import { markSeen, seenUntil } from "./unread.js";

const FIRST = "checkout is failing, what is going on?";

export class Conversation {
  constructor(root) {
    this.route = {};
    this.head = el("div", { class: "pane-head" });
    this.list = new MessageList({ inThread: false, label: "Messages", empty: () => this.empty() });
    this.home = new HomeTab();
    this.prompts = el("div", { class: "prompts", role: "group", "aria-label": "Suggestions" });
    this.status = el("div", { class: "status-line", role: "status", hidden: true });
    this.composer = new Composer({ id: "composer", place: () => this.place(), last: () => this.lastOwn() });
    this.foot = el("div", { class: "pane-foot" }, this.prompts, this.status, this.composer.node);
    root.append(this.head, this.list.node, this.home.node, this.foot);
  }

  get channel() { return channelOf(this.route.channel); }
  get atHome() { return this.route.tab === "home" && isBotChannel(this.channel); }

  place() {
    const where = this.channel?.is_im ? titleOf(this.channel) : `#${this.channel?.name}`;
    return { channel: this.route.channel, thread: null, label: `Message ${where} as ${person(store.me)?.real_name || ""}` };
  }

  lastOwn() {
    return sorted(store.roots.get(this.route.channel)).filter((message) => message.user === store.me && !message.ephemeral_for).at(-1);
  }

  async open(route, { focus = true } = {}) {
    const moved = route.channel !== this.route.channel || route.tab !== this.route.tab;
    this.route = route;
    if (!this.channel) return this.draw();
    this.composer.moved();
    this.draw();
    if (!moved && store.roots.has(route.channel)) return;
    if (isBotChannel(this.channel)) this.announceTab();
    if (focus && !this.atHome) this.composer.focus();
  }

  // The app learns which tab is looked at, as in Slack; for Home the answer carries the view.
  async announceTab() {
    const answer = await api.home(this.atHome ? "home" : "messages");
    if (!answer.ok) return toast(answer.error || "the app did not answer", "error");
    if (this.atHome && answer.view) { store.home = answer.view; this.home.draw(); }
  }

  draw() {
    if (!this.channel) return this.drawNowhere();
    this.drawHead();
    const messages = sorted(store.roots.get(this.route.channel));
    this.list.node.hidden = this.foot.hidden = this.atHome;
    this.home.node.hidden = !this.atHome;
    if (this.atHome) return this.home.draw();
    if (store.roots.has(this.route.channel)) {
      this.list.show(`${store.me}/${this.route.channel}`, this.route.channel, messages, { newFrom: seenUntil(this.route.channel) });
      if (!document.hidden) markSeen(this.route.channel, null, messages.at(-1)?.ts);
    }
    this.drawPrompts(messages);
    drawStatus(this.status, this.route.channel, null, messages);
  }

  drawHead() {
    const channel = this.channel;
    const source = JSON.stringify([channel, this.route.tab, store.me, store.bot]);
    if (this.headSource === source) return;
    this.headSource = source;
    const tab = (name, label) => el("button", { type: "button", role: "tab", class: "tab", "aria-selected": String((name === "home") === this.atHome), data: { tab: name }, on: { click: () => go({ channel: channel.id, tab: name }) } }, label);
    fill(this.head,
      el("h1", {}, channel.is_im ? null : icon(channel.is_private ? "lock" : "hash"), titleOf(channel)),
      isBotChannel(channel) ? el("div", { class: "tabs", role: "tablist", "aria-label": titleOf(channel) }, tab("home", "Home"), tab("messages", "Messages"))
        : el("p", { class: "topic" }, channel.is_im ? person(channel.user)?.title : channel.topic));
    document.title = `${channel.is_im ? "" : "#"}${titleOf(channel)} · ${store.team.name || "Local Slack"}`;
  }

  drawNowhere() {
    this.headSource = null;
    fill(this.head, el("h1", {}, "Nothing here"));
    this.list.node.hidden = this.foot.hidden = this.home.node.hidden = false;
    this.foot.hidden = this.home.node.hidden = true;
    this.list.show("nowhere", "", []);
  }

  drawPrompts(messages) {
    const given = store.prompts.get(this.route.channel) || [];
    const shown = given.length && (isBotChannel(this.channel) || !messages.length) ? given : this.firstWords(messages);
    const source = JSON.stringify([this.route.channel, store.me, shown]);
    if (this.promptSource === source) return;
    this.promptSource = source;
    fill(this.prompts, shown.map((prompt) => el("button", { type: "button", class: "prompt", data: { prompt: prompt.message }, on: { click: () => this.composer.send(prompt.message) } }, prompt.title || prompt.message)));
  }

  // A first-time visitor of the incident channel gets the first sentence for free.
  firstWords(messages) {
    if (messages.length || !store.roots.has(this.route.channel) || !/incident/.test(this.channel.name || "")) return [];
    const message = `@${store.bot.name} ${FIRST}`;
    return [{ title: message, message }];
  }

  empty() {
    const channel = this.channel;
    if (!channel) return [el("h2", {}, "This place does not exist"), el("p", {}, "The address names a channel that this person cannot see. Choose one on the left, or press Ctrl+K.")];
    if (isBotChannel(channel)) return [el("h2", {}, `This is where you talk to ${titleOf(channel)}`), el("p", {}, "Ask in your own words. It looks things up alone, and asks before it changes anything.")];
    if (channel.is_im) return [el("h2", {}, `Only you and ${titleOf(channel)}`), el("p", {}, "Write the first message below.")];
    return [el("h2", {}, `#${channel.name} is quiet`), el("p", {}, `Write something below, mention @${store.bot.name} to put it to work, or type / for its commands.`)];
  }
}
