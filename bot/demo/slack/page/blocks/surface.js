// Where blocks are shown (a message, a modal, Home): who looks, what was filled in, and where a click goes.
import { api } from "../api.js";
import { confirmed } from "../confirm.js";
import { store } from "../store.js";
import { toast } from "../toast.js";

export class Surface {
  constructor({ kind, channel, ts, viewId, openKeys, initial }) {
    Object.assign(this, { kind, channel, ts, viewId });
    this.openKeys = openKeys || new Set();  // what the reader unfolded survives a redraw
    this.initial = initial || {};           // what the reader typed survives a view update
    this.fields = new Map();                // block_id -> Map(action_id -> () => value as Slack sends it)
    this.count = 0;
  }

  blockId(block) {
    this.count += 1;
    return block.block_id || `page-block-${this.count}`;
  }

  actionId(element) {
    return element.action_id || `page-action-${element.type}`;
  }

  field(blockId, actionId, read) {
    if (!this.fields.has(blockId)) this.fields.set(blockId, new Map());
    this.fields.get(blockId).set(actionId, read);
  }

  typed(blockId, actionId) {
    return this.initial[blockId]?.[actionId];
  }

  values() {
    const values = {};
    for (const [blockId, actions] of this.fields) {
      values[blockId] = {};
      for (const [actionId, read] of actions) values[blockId][actionId] = read();
    }
    return values;
  }

  sees(element) {
    return !element.visible_to_user_ids?.length || element.visible_to_user_ids.includes(store.me);
  }

  // Sends one click. The control stays marked until the server answered, so that an eager second click does nothing.
  async act(blockId, action, { node, confirm } = {}) {
    if (node?.dataset.pending) return;
    if (confirm && !(await confirmed(confirm))) return;
    if (node) node.dataset.pending = "true";
    const where = this.viewId ? { view_id: this.viewId } : { channel: this.channel, message_ts: this.ts };
    const answer = await api.action({ action, block_id: blockId, ...where, state: { values: this.values() } });
    if (node) delete node.dataset.pending;
    if (!answer.ok) toast(answer.error || "that did not work", "error");
  }
}
