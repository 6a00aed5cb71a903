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
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-list]");
  const errors = document.querySelector("[data-upload-errors]");
  const row = document.querySelector("template[data-row]");
  let chosen = [];

  zone.classList.add("enhanced");
  zone.querySelector("[data-comfort]").hidden = false;
  show();
  if (input.files.length) add([...input.files]); // a browser that kept them over a reload

  input.addEventListener("change", () => {
    if (input.files.length) add([...input.files]);
    else { chosen = []; show(); }
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) { event.preventDefault(); add([...event.clipboardData.files]); }
  });
  let inside = 0;
  zone.addEventListener("dragenter", () => { inside += 1; zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => { inside -= 1; if (inside <= 0) zone.classList.remove("over"); });
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    inside = 0;
    zone.classList.remove("over");
    if (event.dataTransfer.files.length) add([...event.dataTransfer.files]);
  });

  function add(files) {
    const refused = [];
    for (const file of files) {
      const text = whyNot(file);
      if (text) refused.push(text.replace("{name}", file.name));
      else if (!chosen.some((other) => same(file, other))) chosen.push(file);
    }
    show();
    complain(refused, "");
  }

  function whyNot(file) {
    if (file.size > Number(texts.largest)) return texts.tooLarge;
    if (file.size === 0) return texts.empty;
    if (chosen.length >= Number(texts.mostFiles)) return texts.tooMany;
    const together = chosen.reduce((sum, other) => sum + other.size, file.size);
    return together > Number(texts.mostBytes) ? texts.tooMuch : "";
  }

  function same(one, other) {
    return one === other || (one.name === other.name && one.size === other.size && one.lastModified === other.lastModified);
  }

  function show() {
    const kept = new DataTransfer();
    for (const file of chosen) kept.items.add(file);
    input.files = kept.files;
    zone.querySelector("[data-count]").textContent = counts[chosen.length];
    list.hidden = !chosen.length;
    list.replaceChildren(...chosen.map(listed));
  }

  function listed(file) {
    const item = row.content.cloneNode(true).firstElementChild;
    const button = item.querySelector("button");
    item.querySelector("[data-name]").textContent = file.name;
    item.querySelector("[data-size]").textContent = size(file.size);
    button.setAttribute("aria-label", texts.remove.replace("{name}", file.name));
    button.addEventListener("click", () => {
      chosen = chosen.filter((other) => other !== file);
      show();
      complain([], "");
      (list.querySelector("button") ?? input).focus();
    });
    return item;
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

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.dataset.travelling) return;
    if (!chosen.length) { complain([texts.none], ""); return; }
    complain([], "");
    send();
  });

  function send() {
    const bar = form.querySelector("[data-progress]");
    const button = form.querySelector("button.primary");
    const request = new XMLHttpRequest();
    const tell = (text) => { form.querySelector("[data-progress-text]").textContent = text; };
    const ready = () => { delete form.dataset.travelling; button.disabled = false; bar.hidden = true; };
    const failed = (sentences) => { ready(); complain(sentences, texts.failedTitle); errors.firstElementChild?.focus(); };
    form.dataset.travelling = "yes";
    button.disabled = true;
    bar.hidden = false;
    tell(texts.travelled.replace("{percent}", "0 %"));
    request.upload.addEventListener("progress", (event) => {
      const percent = Math.floor((event.loaded / event.total) * 100);
      bar.querySelector("progress").value = percent;
      tell(percent < 100 ? texts.travelled.replace("{percent}", `${percent} %`) : texts.storing);
    });
    request.addEventListener("load", () => {
      const answer = parsed(request);
      if (request.status === 201 && answer?.location) window.location.assign(answer.location);
      else if (answer?.errors) failed(answer.errors);
      else if (new URL(request.responseURL).pathname === "/login") window.location.assign(request.responseURL);
      else failed([request.status === 413 ? texts.tooLargeRequest : sentenceOf(request.responseText) || texts.failed]);
    });
    request.addEventListener("error", () => failed([texts.failed]));
    request.addEventListener("abort", ready);
    request.open("POST", window.location.pathname);
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(form));
  }

  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    delete form.dataset.travelling;
    form.querySelector("button.primary").disabled = false;
    form.querySelector("[data-progress]").hidden = true;
  });
}

function parsed(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return null;
  }
}

// The one sentence of an error page.
function sentenceOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.querySelector("main p, body p")?.textContent.trim() ?? "";
}

function size(bytes) {
  for (const [unit, length] of [["GB", 1024 ** 3], ["MB", 1024 ** 2], ["KB", 1024]]) {
    if (bytes >= length) return `${(bytes / length).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  }
  return `${bytes} B`;
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
  } else if (answer?.status === 204 && tries < 40) {
    setTimeout(() => awaitPreview(blank, tries + 1), Math.min(800 * 1.15 ** tries, 5000));
  }
}
