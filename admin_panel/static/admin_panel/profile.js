// Comforts of a member's profile: more rows, proposals, files without leaving the page. All of it works without this file.
"use strict";

const failed = document.currentScript.dataset.failed;
const profile = document.querySelector("form[data-profile]");

// New Certification: + adds a row beneath what is typed.
const newRows = document.getElementById("new-rows");
const blank = document.getElementById("new-row");
let next = 1 + Math.max(0, ...[...(newRows?.querySelectorAll("select[name$='-type_id']") ?? [])].map((field) => Number(field.name.split("-")[1])));

// A piece of a page that the server rendered, escaped there, as nodes.
const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body.childNodes;

// The blank row with its numbers filled in, in attributes and texts.
function numbered(row, index, number) {
  const filled = (text) => text.replaceAll("__row__", index).replaceAll("__number__", number);
  const walker = document.createTreeWalker(row, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = row; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) node.data = filled(node.data);
    else for (const attribute of node.attributes) attribute.value = filled(attribute.value);
  }
  return row;
}

profile?.querySelector("button[name=add_row]")?.addEventListener("click", (event) => {
  event.preventDefault();
  const row = numbered(blank.content.firstElementChild.cloneNode(true), next, newRows.children.length + 1);
  next += 1;
  newRows.append(row);
  prepare(row);
  row.querySelector("select").focus();
});

// Leaving with something typed asks first.
let typed = Boolean(document.querySelector(".error-summary"));
profile?.addEventListener("input", (event) => { typed ||= event.target.form === profile; });
profile?.addEventListener("submit", () => { typed = false; });
window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

// Files are added, deleted and brought back in place, so that nothing typed is lost.
const notes = document.getElementById("in-place-notes");

async function send(form, button) {
  const busy = document.querySelectorAll(`[form="${form.id}"]`);
  const answer = await fetch(button?.getAttribute("formaction") ?? form.action, {
    method: "POST", body: new FormData(form), headers: { Accept: "application/json" },
  }).then((response) => response.json()).catch(() => null);
  notes.replaceChildren(...parsed(answer?.message ?? ""));
  if (!answer?.message) notes.append(Object.assign(document.createElement("div"), { className: "note error", textContent: failed }));
  if (answer?.files !== undefined) document.getElementById(`files-${answer.certification}`).replaceChildren(...parsed(answer.files));
  else for (const control of busy) if (control.type === "file") control.value = "";
  delete form.dataset.sent;
}

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("form[data-in-place]")) return;
  event.preventDefault();
  send(event.target, event.submitter);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("input[data-sends-itself]") && event.target.files.length) event.target.form.requestSubmit();
});
