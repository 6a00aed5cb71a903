// Comforts of the upload wizard's second step, which works without this file, too.
"use strict";

// Once a form leads away, as Discard does, nothing more is asked for.
const leaving = new AbortController();
document.addEventListener("submit", (event) => { if (!event.defaultPrevented) leaving.abort(); });

matching(document.querySelector("form[data-match]"));

// What is known of a chosen certification stands in its fields; previews appear when drawn.
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

// A preview that is being drawn: asked for again until it is there.
async function awaitPreview(blank, tries) {
  const answer = await fetch(blank.dataset.preview, { credentials: "same-origin", signal: leaving.signal }).catch(() => null);
  if (answer?.status === 200) {
    blank.closest(".upload-seen").querySelector("[data-place]").hidden = answer.headers.get("Tells-Place") !== "yes";
    blank.replaceWith(Object.assign(new Image(), { src: blank.dataset.preview, alt: "" }));
  } else if (answer?.headers.has("Retry-After") && tries < 40) {
    setTimeout(() => awaitPreview(blank, tries + 1), Math.min(800 * 1.15 ** tries, 5000));
  }
}
