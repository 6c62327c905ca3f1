// Starts the page: who acts, what is shown, and what arrives.
import { api, events } from "./api.js";
import { Conversation } from "./conversation.js";
import { openHelp } from "./help.js";
import { openJump } from "./jump.js";
import * as modal from "./modal.js";
import { actAsKeys } from "./people.js";
import { current, go, namePerson, personInAddress, replace } from "./router.js";
import { drawSidebar, places } from "./sidebar.js";
import { channelOf, emit, forget, forgetConversations, isBotChannel, on, people, person, setRoots, setState, setStatus, setThread, store, threadKey, upsert } from "./store.js";
import { applyTheme } from "./theme.js";
import { ThreadPane } from "./thread.js";
import { toast } from "./toast.js";
import { drawBanner, drawTopbar } from "./topbar.js";

applyTheme();
const conversation = new Conversation(document.getElementById("main"));
const thread = new ThreadPane(document.getElementById("thread"));
const panes = document.getElementById("panes");
let hangUp = () => {};
let quietly = false;  // the next change of address was ours and must not take the focus

async function become(userId) {
  hangUp();
  // Until the new person's view is here, nothing of the old one can be pressed.
  panes.inert = true;
  modal.closeAll();
  forgetConversations();
  setState(await api.state(userId));
  // A first visit names nobody, and a pasted link may name someone from another workspace.
  if (!person(store.me)) setState(await api.state(people()[0]?.id));
  namePerson(store.me);
  sessionStorage.setItem("me", store.me);
  drawTopbar({ actAs, toggleSidebar });
  drawBanner();
  // Reading starts when the server listens for us, so nothing falls between the two.
  await new Promise((listening) => {
    let greet = listening;
    hangUp = events(store.me, receive, () => { greet(); greet = catchUp; });
  });
  store.online = true;
  drawBanner();
  const { channel, thread: ts } = current();
  await Promise.all([...store.channels.map(({ id }) => load(id)), ...(channelOf(channel) && ts ? [loadThread(channel, ts)] : [])]);
  panes.inert = false;
  show();
}

async function actAs(userId) {
  if (userId === store.me) return;
  const was = { route: current(), bot: isBotChannel(channelOf(current().channel)) };
  await become(userId);
  // A direct message belongs to one person; the same place for the next one is theirs.
  if (!store.channels.some((channel) => channel.id === was.route.channel)) go(was.bot ? { channel: botDm()?.id, tab: was.route.tab } : { channel: places()[0]?.id, tab: "messages" });
  toast(`You are now ${person(store.me)?.real_name || store.me}`);
}

const botDm = () => store.channels.find(isBotChannel);

async function load(channel) {
  try { setRoots(channel, await api.messages(channel)); } catch (error) { toast(String(error.message || error), "error"); }
}

async function loadThread(channel, ts) {
  try { setThread(channel, ts, await api.messages(channel, ts)); } catch (error) { toast(String(error.message || error), "error"); }
}

// After a gap in the stream everything shown is read again.
async function catchUp() {
  store.online = true;
  drawBanner();
  try {
    setState(await api.state(store.me));
  } catch {
    // It went away again; the stream notices too and calls back.
    return;
  }
  drawBanner();
  store.statuses.clear();
  store.threads.clear();
  const route = current();
  await Promise.all(store.channels.map((channel) => load(channel.id)));
  if (route.thread) await loadThread(route.channel, route.thread);
}

function show() {
  const route = current();
  if (!route.channel) {
    const first = places().find((channel) => channel.name === "incidents") || places()[0];
    if (first) replace({ channel: first.id, tab: "messages" });
    return;
  }
  const focus = !quietly;
  quietly = false;
  document.body.classList.remove("with-drawer");
  conversation.open(route, { focus: focus && !route.thread });
  thread.open(route, { focus });
  drawSidebar(route);
  if (route.thread && !store.threads.has(threadKey(route.channel, route.thread))) loadThread(route.channel, route.thread);
}

const RECEIVE = {
  __proto__: null,
  message: ({ channel, message }) => upsert(channel, message),
  message_deleted: ({ channel, ts }) => forget(channel, ts),
  view: ({ user, view }) => { if (user === store.me) modal.receive(view); },
  view_closed: ({ user, view_id: viewId }) => { if (user === store.me) modal.closed(viewId); },
  status: ({ channel, thread_ts: ts, status, title }) => setStatus(channel, ts, { status, title }),
  home: ({ user, view }) => { if (user === store.me) { store.home = view; conversation.draw(); } },
  presence: ({ connected }) => { store.bot = { ...store.bot, connected }; drawBanner(); drawSidebar(current()); },
  prompts: ({ channel, prompts }) => { store.prompts.set(channel, prompts || []); emit("prompts", { channel }); },
  toast: ({ user, text }) => { if (!user || user === store.me) toast(text); },
  offline: () => { store.online = false; drawBanner(); },
};

function receive(event) {
  RECEIVE[event.type]?.(event);
}

// One redraw a frame, however many events arrived in it.
let planned = null;
function redraw() {
  planned ||= requestAnimationFrame(() => {
    planned = null;
    conversation.draw();
    thread.draw();
    drawSidebar(current());
  });
}
for (const topic of ["messages", "status", "prompts", "unread"]) on(topic, redraw);
// A hidden tab draws no frames, but its reader should find everything in place.
document.addEventListener("visibilitychange", () => { if (!document.hidden) redraw(); });

on("edit", ({ message }) => (message.thread_ts && message.thread_ts !== message.ts ? thread : conversation).composer.edit(message));

const answered = new Set();

// The agent's first answer to one's own message opens its thread beside the channel; the focus stays where it is.
on("arrived", ({ channel, message }) => {
  const route = current();
  const root = store.roots.get(channel)?.get(message.thread_ts);
  const answersMe = root && root.user === store.me && root.ts !== message.ts && message.user === store.bot.user_id;
  if (!answersMe || route.thread || route.channel !== channel || innerWidth < 800 || answered.has(root.ts)) return;
  answered.add(root.ts);
  quietly = true;
  go({ channel, thread: root.ts });
});

function toggleSidebar() {
  const open = document.body.classList.toggle("with-drawer");
  if (open) document.querySelector("#sidebar .here, #sidebar a")?.focus();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openJump(); }
  if (event.key === "?" && !event.target.closest("input, textarea, select")) openHelp();
  if (event.key === "Escape") document.body.classList.remove("with-drawer");
  const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step) {
    event.preventDefault();
    const all = places();
    const at = all.findIndex((channel) => channel.id === current().channel);
    go({ channel: all[(at + step + all.length) % all.length].id, tab: "messages" });
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-skip]")) { event.preventDefault(); conversation.composer.focus(); }
  if (document.body.classList.contains("with-drawer") && !event.target.closest("#sidebar, [data-drawer]")) document.body.classList.remove("with-drawer");
});
window.addEventListener("hashchange", show);
actAsKeys(actAs);
become(personInAddress() || sessionStorage.getItem("me")).catch(() => {
  store.online = false;
  drawBanner();
  setTimeout(() => location.reload(), 2000);
});
