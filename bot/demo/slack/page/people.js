// "Act as": who the person at the keyboard is right now.
import { avatar, colorOf } from "./avatar.js";
import { el, icon } from "./dom.js";
import { menu } from "./menu.js";
import { people, person, store } from "./store.js";

export function actAsButton(actAs) {
  const me = person(store.me);
  const button = el("button", { type: "button", class: "act-as", "aria-haspopup": "menu", data: { actAs: store.me }, title: "Act as someone else (Alt+1…9)" },
    avatar(store.me, { size: "small" }),
    el("span", { class: "act-as-words" }, el("small", {}, "Acting as"), el("strong", {}, me?.real_name || me?.name || "…")),
    icon("chevron"));
  button.style.setProperty("--person", colorOf(store.me));
  button.addEventListener("click", () => openPeople(button, actAs));
  return button;
}

function openPeople(anchor, actAs) {
  menu(anchor, people().map((user, i) => ({
    before: avatar(user.id), checked: user.id === store.me, key: i < 9 ? `Alt ${i + 1}` : undefined, data: { person: user.id },
    label: user.real_name || user.name,
    hint: [user.title, (user.groups || []).length > 0 && el("span", { class: "groups" }, user.groups.map((group) => el("span", { class: "group-chip" }, group)))].filter(Boolean).map((part) => el("span", { class: "hint-part" }, part)),
    run: () => actAs(user.id),
  })), { label: "Act as", wide: true });
}

export function actAsKeys(actAs) {
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || !/^Digit[1-9]$/.test(event.code)) return;
    const user = people()[Number(event.code.slice(5)) - 1];
    if (!user) return;
    event.preventDefault();
    actAs(user.id);
  });
}
