// Files on their way in: choosing or dropping them, a list of what was chosen, progress while they travel. Their
// limits and sentences are data of the form; it works without this file, too.
"use strict";

// Files by choosing, or dropping onto `target`; what was chosen before stays: a telephone's camera gives one picture
// at a time. `there` says how many the server has already, `changed` and `refused` hear of each choice.
function choosingFiles(form, { target, there, changed, refused }) {
  const texts = form.dataset;
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-list]");
  const row = form.querySelector("template[data-row]");
  let chosen = [];

  zone.classList.add("enhanced");
  input.addEventListener("change", () => {
    if (input.files.length) add([...input.files]); else { chosen = []; show(); }
  });
  target.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  target.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget || !target.contains(event.relatedTarget)) zone.classList.remove("over");
  });
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length) add([...event.dataTransfer.files]);
  });
  show();
  if (input.files.length) add([...input.files]); // a browser that kept them over a reload

  function add(files) {
    const sentences = [];
    for (const file of files) {
      const text = whyNot(file);
      if (text) sentences.push(text.replace("{name}", file.name));
      else if (!chosen.some((other) => sameFile(file, other))) chosen.push(file);
    }
    show();
    refused(sentences);
  }

  function whyNot(file) {
    if (file.size > Number(texts.largest)) return texts.tooLarge;
    if (file.size === 0) return texts.empty;
    if (chosen.length + there() >= Number(texts.mostFiles)) return texts.tooMany;
    const together = chosen.reduce((sum, other) => sum + other.size, file.size);
    return together > Number(texts.mostBytes) ? texts.tooMuch : "";
  }

  function show() {
    const kept = new DataTransfer();
    for (const file of chosen) kept.items.add(file);
    input.files = kept.files;
    list.hidden = !chosen.length;
    list.replaceChildren(...chosen.map(listed));
    changed(chosen.length);
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
      refused([]);
      (list.querySelector("button") ?? input).focus();
    });
    return item;
  }

  return add;
}

// Send the form, once at a time; on to where a 201 leads, else `answered` may take the answer, else `failed` hears a
// sentence.
function sendingFiles(form, { address, answered, failed }) {
  const texts = form.dataset;
  const bar = form.querySelector("[data-progress]");
  const button = form.querySelector("button.primary");
  const tell = (text) => { form.querySelector("[data-progress-text]").textContent = text; };
  const ready = () => { delete form.dataset.travelling; button.disabled = false; bar.hidden = true; };
  const request = new XMLHttpRequest();

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
    const answer = parsed(request.responseText);
    if (request.status === 201 && answer?.location) { window.location.assign(answer.location); return; }
    if (new URL(request.responseURL).pathname === "/login") { window.location.assign(request.responseURL); return; }
    ready();
    if (answered(request, answer)) return;
    failed(request.status === 413 ? texts.tooLargeRequest : sentenceOf(request.responseText) || texts.failed);
  });
  request.addEventListener("error", () => { ready(); failed(texts.failed); });
  request.addEventListener("abort", ready);
  window.addEventListener("pageshow", (event) => { if (event.persisted) ready(); });
  request.open("POST", address);
  request.setRequestHeader("Accept", "application/json");
  request.send(new FormData(form));
}

function sameFile(one, other) {
  return one === other || (one.name === other.name && one.size === other.size && one.lastModified === other.lastModified);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// The one sentence of an error page.
function sentenceOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return (page.querySelector("[data-sentence]") ?? page.querySelector("body p"))?.textContent.trim() ?? "";
}

function size(bytes) {
  for (const [unit, length] of [["GB", 1024 ** 3], ["MB", 1024 ** 2], ["KB", 1024]]) {
    if (bytes >= length) return `${(bytes / length).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  }
  return `${bytes} B`;
}
