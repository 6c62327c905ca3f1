// One message: who, when, what; its reactions, its thread, and what can be done with it.
import { avatar } from "./avatar.js";
import { renderBlocks } from "./blocks/index.js";
import { Surface } from "./blocks/surface.js";
import { el, fill, icon, link } from "./dom.js";
import { sessionWord } from "./status.js";
import { toolbar } from "./message_menu.js";
import { reactions } from "./reactions.js";
import { absolute, format } from "./router.js";
import { isUnreadThread } from "./unread.js";
import { person, store, threadKey } from "./store.js";
import { StreamBody } from "./stream.js";
import { mrkdwn } from "./text/mrkdwn.js";
import { ago, clock, full } from "./text/time.js";

export const authorOf = (message) => message.user || message.bot_id || message.username || "";

function authorName(message) {
  const user = person(message.user);
  return message.username || user?.real_name || user?.name || (message.bot_id ? store.bot.name : "someone");
}

export class MessageView {
  constructor(channel, message, { inThread }) {
    Object.assign(this, { channel, inThread, openKeys: new Set(), stream: null });
    this.node = el("article", { class: "message", tabindex: "0", data: { ts: message.ts, channel } });
    this.update(message, false);
  }

  update(message, compact) {
    const source = JSON.stringify([message, compact, this.inThread ? 0 : this.threadMark(message)]);
    if (source === this.source) return;
    this.source = source;
    // While text arrives only the live part changes; redrawing the rest would take the reader's focus and selection.
    const frame = JSON.stringify([{ ...message, stream: null, text: null }, compact, this.inThread ? 0 : this.threadMark(message)]);
    const onlyGrew = frame === this.frame && this.stream && message.stream;
    this.frame = frame;
    if (onlyGrew) {
      this.message = message;
      this.stream.update(message);
      return;
    }
    this.message = message;
    const isBot = Boolean(message.bot_id || person(message.user)?.is_bot);
    this.node.className = `message${compact ? " compact" : ""}${message.ephemeral_for ? " ephemeral" : ""}`;
    Object.assign(this.node.dataset, { user: authorOf(message), streaming: String(Boolean(message.streaming)) });
    this.node.toggleAttribute("data-ephemeral", Boolean(message.ephemeral_for));
    this.node.setAttribute("aria-label", `${authorName(message)}, ${clock(message.ts)}`);
    const body = this.body(message);
    const hadFocus = this.node.contains(document.activeElement) && document.activeElement !== this.node;
    fill(this.node,
      el("div", { class: "gutter" }, compact ? el("time", { class: "side-time" }, clock(message.ts)) : avatar(message.user, { bot: isBot })),
      el("div", { class: "message-main" },
        message.ephemeral_for && el("div", { class: "only-you" }, icon("eye"), "Only visible to you"),
        !compact && el("div", { class: "byline" },
          el("span", { class: "author" }, authorName(message)),
          isBot && el("span", { class: "tag" }, "app"),
          el("a", { class: "when", href: this.address(message), title: full(message.ts) }, el("time", {}, clock(message.ts)))),
        body,
        message.edited && !(isBot && message.blocks?.length) && el("span", { class: "edited", title: `edited ${full(message.edited.ts || message.ts)}` }, "(edited)"),
        this.files(message),
        reactions(this.channel, message),
        !this.inThread && this.threadLine(message)),
      !message.ephemeral_for && toolbar(this.channel, message, { inThread: this.inThread }));
    if (hadFocus) this.node.focus({ preventScroll: true });
  }

  // The live part is kept and told about the change; redrawing it would make the text jump.
  body(message) {
    if (message.stream) {
      if (this.stream) this.stream.update(message);
      else this.stream = new StreamBody(message, (openKeys) => this.surface(openKeys));
      const streamed = new Set((message.stream.parts || []).flatMap((part) => part.blocks || []).map((block) => JSON.stringify(block)));
      const below = message.streaming ? [] : (message.blocks || []).filter((block) => !streamed.has(JSON.stringify(block)));
      return el("div", { class: "body" }, this.stream.node, below.length > 0 && el("div", { class: "blocks" }, renderBlocks(below, this.surface())));
    }
    this.stream = null;
    if (message.subtype === "tombstone") return el("div", { class: "body gone" }, "This message was deleted.");
    if (message.blocks?.length) return el("div", { class: "body blocks" }, renderBlocks(message.blocks, this.surface()));
    return el("div", { class: "body text" }, mrkdwn(message.text || ""));
  }

  surface(openKeys = this.openKeys) {
    return new Surface({ kind: "message", channel: this.channel, ts: this.message.ts, openKeys });
  }

  address(message) {
    return absolute({ channel: this.channel, thread: message.thread_ts || message.ts });
  }

  files(message) {
    if (!message.files?.length) return null;
    return el("div", { class: "files" }, message.files.map((file) => link(file.permalink || file.url_private || "", [icon("out"), file.title || file.name || "file"], { class: "source" })));
  }

  threadMark(message) {
    return [isUnreadThread(this.channel, message), sessionWord(store.statuses.get(threadKey(this.channel, message.ts)))];
  }

  threadLine(message) {
    const status = sessionWord(store.statuses.get(threadKey(this.channel, message.ts)));
    const count = message.reply_count || 0;
    if (!count && !status) return null;
    const unread = isUnreadThread(this.channel, message);
    const says = { processing: "working…", suspended: "waiting for approval" }[status];
    return el("a", { class: `thread-line${unread ? " unread" : ""}`, href: format({ channel: this.channel, thread: message.ts }), data: { thread: message.ts, unread: String(unread) } },
      (message.reply_users || []).slice(0, 4).map((user) => avatar(user, { size: "tiny" })),
      unread && el("span", { class: "dot", role: "img", "aria-label": "new replies" }),
      el("span", { class: "thread-count" }, count ? `${count} ${count === 1 ? "reply" : "replies"}` : "Open thread"),
      says ? el("span", { class: `thread-says ${status}` }, says) : message.latest_reply && el("span", { class: "thread-last" }, `last ${ago(message.latest_reply)}`));
  }
}
