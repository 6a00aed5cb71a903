// Comforts of Approvals: single keys decide, kept texts join the reason as they are chosen. All of it works without this file.
"use strict";

// In the list: tick what may be approved from there.
const tickReady = document.querySelector("[data-tick-ready]");
const ready = [...document.querySelectorAll("input[data-ready]")];
if (tickReady && ready.length) {
  tickReady.hidden = false;
  tickReady.addEventListener("click", () => { for (const box of ready) if (!box.checked) box.click(); });
}
const keptReasons = document.getElementById("kept");
if (keptReasons && location.hash === "#kept") keptReasons.open = true;

const decision = document.querySelector("form[data-decision]");
const reason = decision?.querySelector("textarea[name=reason]");

// The chosen text stands below what was typed; choosing another one replaces it, and nothing typed is touched.
const texts = decision?.querySelector("select[data-kept]");
let inserted = "";
texts?.removeAttribute("name");
texts?.addEventListener("change", () => {
  if (inserted && reason.value.endsWith(inserted)) reason.value = reason.value.slice(0, -inserted.length).trimEnd();
  inserted = texts.selectedOptions[0].dataset.text ?? "";
  if (inserted) reason.value = (reason.value.trimEnd() && `${reason.value.trimEnd()}\n`) + inserted;
});

// Single keys, wherever a letter would not be typed. They can be switched off, and wait until the page has been seen.
const switched = document.getElementById("single-keys");
const KEPT = "certfolio.single-keys";
const SEEN_AFTER = 600;
let chosen = null;

if (switched) {
  document.getElementById("keyboard").hidden = false;
  switched.checked = localStorage.getItem(KEPT) !== "off";
  switched.addEventListener("change", () => localStorage.setItem(KEPT, switched.checked ? "on" : "off"));
}
function arm() { setTimeout(() => { if (decision) decision.dataset.armed = "yes"; }, SEEN_AFTER); }
if (document.readyState === "complete") arm(); else window.addEventListener("load", arm);

const typesLetters = (element) => element.isContentEditable
  || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");

// The first question of the checklist without an answer: its Yes.
const unanswered = () => [...decision.querySelectorAll("[role=radiogroup]")]
  .find((question) => !question.querySelector(":checked"))?.querySelector("input[type=radio]");

function press(control) {
  if (control.matches("a")) { location.assign(control.href); return; }
  if (!decision.dataset.armed) return;
  const missing = control.hasAttribute("data-needs-reason") ? !reason.value.trim() && reason : unanswered();
  if (!missing) { decision.requestSubmit(control); return; }
  chosen = control;
  missing.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.repeat || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if ([reason, texts].includes(event.target) && event.key === "Enter" && event.ctrlKey && chosen) { decision.requestSubmit(chosen); return; }
  if (event.ctrlKey || event.shiftKey) return;
  if (event.key === "Escape" && decision?.contains(event.target)) { event.target.blur(); return; }
  if (typesLetters(event.target) || switched?.checked === false) return;
  const control = ["a", "c", "d", "n"].includes(event.key) && document.querySelector(`[data-key="${event.key}"]`);
  if (!control) return;
  event.preventDefault();
  press(control);
});
