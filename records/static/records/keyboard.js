// The command palette and the shortcuts. Letters count only where no field has the focus and no modifier is held, so
// that nothing of the browser's own is taken; they can be switched off. Everything has a link or a button, too.
"use strict";

const ASKED_AFTER = 150; // milliseconds without typing
const SECOND_KEY_WITHIN = 1500;
const KEPT = "certfolio.single-keys"; // the switch is the same on every page, in this browser
const finder = document.querySelector(".find-anything");
const pages = [...document.querySelectorAll("nav [data-go]")];

// Both dialogs stand in the page that the button leads to, and are fetched once, when the first of them is wanted.
let dialogs = null;
function fetched() {
  dialogs ??= load().catch(() => { dialogs = null; });
  return dialogs;
}
async function load() {
  let place = document;
  if (!document.getElementById("palette")) {
    const answer = await fetch(finder.href);
    place = new DOMParser().parseFromString(await answer.text(), "text/html");
  }
  const [palette, shortcuts] = ["palette", "shortcuts"].map((id) => document.adoptNode(place.getElementById(id)));
  document.body.append(palette, shortcuts);
  listing(shortcuts);
  palette.querySelector("[data-shortcuts]").addEventListener("click", () => { palette.close(); shortcuts.showModal(); });
  return { open: finding(palette), list: () => shortcuts.showModal() };
}
async function openPalette() {
  const ready = await fetched();
  if (ready) ready.open(); else window.location.assign(finder.href);
}
for (const opener of document.querySelectorAll("[data-palette]")) {
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openPalette();
  });
}

// The palette: a combobox over a list. What was asked last counts; answers that come late are dropped.
function finding(palette) {
  const text = palette.querySelector("[role=combobox]");
  const found = palette.querySelector("[role=listbox]");
  const said = palette.querySelector("[data-said]");
  let asked = null;
  let wait = 0;
  let active = null;
  let answered = null; // the text whose results are shown

  text.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(ask, ASKED_AFTER); });
  text.addEventListener("keydown", async (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (text.value !== answered) await ask();
      active?.click();
      return;
    }
    const all = options();
    const at = all.indexOf(active);
    const next = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length }[event.key];
    if (next === undefined || !all.length) return;
    event.preventDefault();
    choose(all[next]);
  });

  async function ask() {
    clearTimeout(wait);
    asked?.abort();
    const mine = asked = new AbortController();
    const question = text.value;
    const address = `${palette.dataset.address}?${new URLSearchParams({ q: question })}`;
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: mine.signal });
      const { kinds, said: sentence } = await answer.json();
      if (mine !== asked) return;
      found.replaceChildren(...kinds.map(group));
      said.textContent = sentence;
    } catch {
      if (mine !== asked) return;
      found.replaceChildren();
      said.textContent = palette.dataset.failed;
    }
    answered = question;
    text.ariaExpanded = String(Boolean(found.firstElementChild));
    choose(options()[0] ?? null);
  }

  function group(kind, number) {
    const box = cloned(palette, "kind");
    const name = box.querySelector("p");
    name.textContent = kind.name;
    name.id = `palette-kind-${number}`;
    box.setAttribute("aria-labelledby", name.id);
    box.append(...kind.places.map((place, index) => option(place, `palette-place-${number}-${index}`)));
    return box;
  }

  function option(place, id) {
    const link = cloned(palette, "place");
    link.id = id;
    link.href = place.address;
    link.querySelector("use").setAttribute("href", `${palette.dataset.icons}#${place.icon}`);
    link.querySelector("[data-label]").textContent = place.label;
    link.querySelector("[data-about]").textContent = place.about;
    link.addEventListener("pointermove", () => choose(link));
    return link;
  }

  function options() {
    return [...found.querySelectorAll("[role=option]")];
  }

  function choose(next) {
    if (active) active.ariaSelected = "false";
    active = next;
    if (!next) { text.removeAttribute("aria-activedescendant"); return; }
    next.ariaSelected = "true";
    next.scrollIntoView({ block: "nearest" });
    text.setAttribute("aria-activedescendant", next.id);
  }

  return () => {
    palette.showModal();
    text.select();
    ask();
  };
}

// The list of shortcuts, with the pages of the menu; and the switch.
function listing(shortcuts) {
  const letters = shortcuts.querySelector("[data-single-letters]");
  letters.checked = areOn();
  letters.addEventListener("change", () => { keep(letters.checked ? "on" : "off"); show(); });
  shortcuts.querySelector("[data-pages]").append(...pages.map((link) => {
    const row = cloned(shortcuts, "page");
    row.querySelector("[data-second]").textContent = link.dataset.go;
    row.querySelector("dd").textContent = link.textContent.trim();
    return row;
  }));
}
function areOn() {
  try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; }
}
function keep(value) {
  try { localStorage.setItem(KEPT, value); } catch { /* a browser that keeps nothing */ }
}
function show() {
  document.documentElement.dataset.letters = areOn() ? "on" : "off";
}
show();

// Single letters. Each says whether it did anything: what it leaves alone is free for the page.
let going = 0; // until when a second key names a page
const actions = {
  "s": () => { openPalette(); return true; },
  "?": () => { fetched().then((ready) => ready?.list()); return true; },
  "g": (event) => { going = event.timeStamp + SECOND_KEY_WITHIN; return true; },
  "n": () => press(document.querySelector("main [data-new]")),
  "j": () => step(1),
  "k": () => step(-1),
  "o": () => press(row()?.querySelector("a[href]")),
  "x": () => press(row()?.querySelector("input[type=checkbox]:enabled")),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (!areOn() || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const goes = event.timeStamp < going;
  going = 0;
  if (goes) {
    event.preventDefault(); // the second key is never a letter of its own
    pages.find((link) => link.dataset.go === event.key)?.click();
  } else if (Object.hasOwn(actions, event.key) && actions[event.key](event)) event.preventDefault();
});

function isTyping(element) {
  return element.matches("input:not([type=checkbox], [type=button]), textarea, select, iframe") || element.isContentEditable;
}

function press(control) {
  control?.click();
  return Boolean(control);
}

// The rows of the page's lists; the focus is on what a row holds first.
const ROW = "main :is(tbody tr, [data-row])";
function row() {
  return document.activeElement.closest(ROW);
}
function within(element) {
  return element.querySelector("a[href]") ?? element.querySelector("input[type=checkbox]:enabled");
}
function step(by) {
  const all = [...document.querySelectorAll(ROW)].filter((each) => within(each) && each.checkVisibility());
  const at = all.indexOf(row());
  const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
  if (next) within(next).focus();
  return Boolean(next);
}

function cloned(place, name) {
  return place.querySelector(`template[data-${name}]`).content.firstElementChild.cloneNode(true);
}
