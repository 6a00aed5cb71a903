// The command palette and the shortcuts. Letters count only where no field has the focus and no modifier is held, so
// that nothing of the browser's own is taken; they can be switched off. Everything has a link or a button, too.
"use strict";

const palette = document.getElementById("palette");
const shortcuts = document.getElementById("shortcuts");
const ASKED_AFTER = 150; // milliseconds without typing
const SECOND_KEY_WITHIN = 1500;

// The palette: a combobox over a list. What was asked last counts; answers that come late are dropped.
const text = palette.querySelector("[role=combobox]");
const found = palette.querySelector("[role=listbox]");
const said = palette.querySelector("[data-said]");
let asked = null;
let wait = 0;
let active = null;

for (const opener of document.querySelectorAll("[data-palette]")) {
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openPalette();
  });
}

function openPalette() {
  palette.showModal();
  text.select();
  ask();
}

text.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(ask, ASKED_AFTER); });

async function ask() {
  clearTimeout(wait);
  asked?.abort();
  const mine = asked = new AbortController();
  const address = `${palette.dataset.address}?${new URLSearchParams({ q: text.value })}`;
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

text.addEventListener("keydown", (event) => {
  const all = options();
  const at = all.indexOf(active);
  if (event.key === "Enter" && active && !event.isComposing) { event.preventDefault(); active.click(); return; }
  const next = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length }[event.key];
  if (next === undefined || !all.length) return;
  event.preventDefault();
  choose(all[next]);
});

// The list of shortcuts, with the pages of the menu; and the switch, kept in this browser.
const pages = [...document.querySelectorAll("nav [data-key]")];
const letters = shortcuts.querySelector("[data-single-letters]");
letters.checked = kept() !== "off";
show();
letters.addEventListener("change", () => { keep(letters.checked ? "on" : "off"); show(); });
shortcuts.querySelector("[data-pages]").append(...pages.map((link) => {
  const row = cloned(shortcuts, "page");
  row.querySelector("[data-key]").textContent = link.dataset.key;
  row.querySelector("dd").textContent = link.textContent.trim();
  return row;
}));
palette.querySelector("[data-shortcuts]").addEventListener("click", () => { palette.close(); shortcuts.showModal(); });

function show() {
  document.documentElement.dataset.letters = letters.checked ? "on" : "off";
}
function kept() {
  try { return localStorage.getItem("single-letters"); } catch { return null; }
}
function keep(value) {
  try { localStorage.setItem("single-letters", value); } catch { /* a browser that keeps nothing: until the next page */ }
}

// Single letters.
let going = 0; // until when a second key names a page
const actions = {
  "s": openPalette,
  "?": () => shortcuts.showModal(),
  "n": () => document.querySelector("main [data-new]")?.click(),
  "j": () => step(1),
  "k": () => step(-1),
  "o": () => row()?.querySelector("a[href]")?.click(),
  "x": () => row()?.querySelector("input[type=checkbox]:enabled")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (!letters.checked || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const goes = event.timeStamp < going;
  going = 0;
  if (goes) {
    const page = pages.find((link) => link.dataset.key === event.key);
    if (page) { event.preventDefault(); page.click(); }
    return;
  }
  if (event.key === "g") { going = event.timeStamp + SECOND_KEY_WITHIN; return; }
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
});

function isTyping(element) {
  return element.matches("input:not([type=checkbox], [type=button]), textarea, select, iframe") || element.isContentEditable;
}

// The rows of the page's lists; the focus is on what a row holds first.
function rows() {
  return [...document.querySelectorAll("main :is(tbody tr, [data-row])")].filter((each) => within(each) && each.checkVisibility());
}
function within(element) {
  return element.querySelector("a[href]") ?? element.querySelector("input[type=checkbox]:enabled");
}
function row() {
  return document.activeElement.closest("main :is(tbody tr, [data-row])");
}
function step(by) {
  const all = rows();
  const at = all.indexOf(row());
  const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
  if (next) within(next).focus();
}

function cloned(place, name) {
  return place.querySelector(`template[data-${name}]`).content.firstElementChild.cloneNode(true);
}
