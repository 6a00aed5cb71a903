// Comforts of the upload wizard. Both steps work without this file.
"use strict";

const chooser = document.querySelector("form[data-upload]");
if (chooser) choosing(chooser);
const matcher = document.querySelector("form[data-match]");
if (matcher) matching(matcher);

// Step 1: files by choosing, dropping or pasting; each listed; progress while they travel.
function choosing(form) {
  const texts = form.dataset;
  const counts = JSON.parse(texts.counts);
  const errors = document.querySelector("[data-upload-errors]");
  let chosen = 0;

  form.querySelector("[data-comfort]").hidden = false;
  const add = choosingFiles(form, {
    target: document,
    there: () => 0,
    changed: (count) => { chosen = count; form.querySelector("[data-count]").textContent = counts[count]; },
    refused: (sentences) => complain(sentences, ""),
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) { event.preventDefault(); add([...event.clipboardData.files]); }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.dataset.travelling) return;
    complain(chosen ? [] : [texts.none], "");
    if (chosen) sendingFiles(form, { address: window.location.pathname, answered, failed: (text) => failed([text]) });
  });

  function answered(_request, answer) {
    if (answer?.errors) failed(answer.errors);
    return Boolean(answer?.errors);
  }

  function failed(sentences) {
    complain(sentences, texts.failedTitle);
    errors.firstElementChild.focus();
  }

  function complain(sentences, title) {
    errors.replaceChildren();
    if (!sentences.length) return;
    const box = document.createElement("div");
    box.className = "error-summary";
    box.setAttribute("role", "alert");
    box.tabIndex = -1;
    if (title) box.append(Object.assign(document.createElement("h2"), { textContent: title }));
    const lines = document.createElement("ul");
    lines.append(...sentences.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    box.append(lines);
    errors.append(box);
  }
}

// Step 2: what is known of a chosen certification stands in its fields; previews appear when drawn.
function matching(form) {
  form.querySelector("[data-show]").hidden = true;
  for (const select of form.querySelectorAll("select")) prepare(select);
  for (const button of form.querySelectorAll("[data-also]")) {
    button.type = "button"; // so that Enter in a field submits instead
    button.addEventListener("click", () => {
      const targets = button.closest("[data-targets]");
      const places = targets.querySelectorAll("select").length;
      const added = targets.querySelector("template").content.cloneNode(true).firstElementChild;
      for (const part of added.querySelectorAll("[id], [for], [name]")) {
        for (const name of ["id", "for", "name"]) {
          const value = part.getAttribute(name);
          if (value) part.setAttribute(name, value.replace("-N-", `-${100 + places}-`));
        }
      }
      button.before(added);
      prepare(added.querySelector("select"));
      added.querySelector("select").focus();
    });
  }
  for (const blank of form.querySelectorAll("[data-preview]")) awaitPreview(blank, 0);
}

function prepare(select) {
  const field = (name) => document.getElementById(select.id.replace(/certification$/, name));
  const [issued, expires, number, shown] = ["issued_on", "expires_on", "number", "shown"].map(field);
  const facts = expires.closest("[data-facts]");
  const ours = new Map(); // what this script put into a field

  const option = () => select.selectedOptions[0];
  const put = (control, value) => { control.value = value; ours.set(control, value); };
  const untouched = (control) => !control.value || ours.get(control) === control.value;

  function arrange() {
    facts.hidden = /^(skip|same-)/.test(select.value);
  }
  arrange();
  for (const control of [issued, expires, number]) {
    if (shown.value && shown.value === select.value) ours.set(control, control.value);
  }
  select.addEventListener("change", () => {
    arrange();
    const known = option().dataset;
    const existing = select.value.startsWith("add-");
    const values = [[issued, known.issued], [expires, known.expires], [number, known.number]];
    for (const [control, value] of values) {
      if (existing || untouched(control)) put(control, value ?? "");
    }
    shown.value = existing ? select.value : "";
    propose();
  });

  // A type with a usual term proposes when it expires, until a person says otherwise.
  function propose() {
    const months = Number(option().dataset.term ?? 0);
    if (months && issued.value && untouched(expires)) put(expires, later(issued.value, months));
  }
  issued.addEventListener("change", propose);
}

// An ISO date some months later; what would be 30 February is the month's last day.
function later(day, months) {
  const [year, month, date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0));
  last.setUTCDate(Math.min(date, last.getUTCDate()));
  return Number.isNaN(last.getTime()) || last.getUTCFullYear() > 9999 ? "" : last.toISOString().slice(0, 10);
}

// A preview that is being drawn: asked for again until it is there.
async function awaitPreview(blank, tries) {
  const answer = await fetch(blank.dataset.preview, { credentials: "same-origin" }).catch(() => null);
  if (answer?.status === 200) {
    blank.replaceWith(Object.assign(new Image(), { src: blank.dataset.preview, alt: "" }));
  } else if (answer?.headers.has("Retry-After") && tries < 40) {
    setTimeout(() => awaitPreview(blank, tries + 1), Math.min(800 * 1.15 ** tries, 5000));
  }
}
