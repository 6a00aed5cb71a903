// Comforts for both faces. Everything works without this file.
"use strict";

// A button or link with data-confirm asks first, in a dialog with Ok and Cancel.
const asker = document.getElementById("confirm");
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const question = button?.dataset.confirm;
  if (!question || !asker) return;
  if (button.dataset.confirmed) { delete button.dataset.confirmed; return; } // an answer holds once
  event.preventDefault();
  asker.querySelector("p").textContent = question;
  asker.returnValue = "";
  asker.showModal();
  asker.addEventListener("close", () => {
    if (asker.returnValue !== "ok") { button.focus(); return; }
    button.dataset.confirmed = "yes";
    event.target.requestSubmit(button);
  }, { once: true });
});

// A form is sent once, however often its button is pressed; one with data-file brings a file, and the page stays. A
// button with data-wait says so while its work lasts.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || (event.submitter?.formMethod || event.target.method) !== "post") return;
  const form = event.target;
  if (event.submitter?.dataset.file !== undefined) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  const wait = event.submitter?.dataset.wait;
  if (!wait) { setTimeout(() => delete form.dataset.sent, 8000); return; }
  const said = document.createElement("span");
  said.className = "waiting";
  said.role = "status";
  event.submitter.after(said);
  said.textContent = wait;
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  for (const said of document.querySelectorAll(".waiting")) said.remove();
});

// A button that asks by a dialog needs no folded question.
for (const form of document.querySelectorAll("details form[data-asked]")) {
  form.querySelector("p").remove();
  form.closest("details").replaceWith(form);
}
// A button with data-copy puts what stands in the field with that id on the clipboard, and says so.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = button.querySelector("[data-said]");
  const words = said.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
    said.textContent = button.nextElementSibling.textContent = button.dataset.done;
    setTimeout(() => { said.textContent = words; }, 3000);
  });
}
for (const control of document.querySelectorAll("[data-print]")) {
  control.hidden = false;
  control.addEventListener("click", () => {
    const frame = document.querySelector("iframe[data-printed]");
    (frame?.contentWindow ?? window).print();
  });
}
// A pull-down with data-submits sends its form when it changes.
for (const control of document.querySelectorAll("select[data-submits]")) {
  control.addEventListener("change", () => control.form.requestSubmit());
}
// The first field with an error, or the summary, is where a person continues.
document.querySelector(".error-summary")?.focus();

// A message stays until it is closed. What was there when the page arrived is said again: only changes are announced.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-dismiss]")) return;
  event.target.closest(".note").remove();
  document.getElementById("main").focus();
});
const toasts = document.querySelector(".toasts");
if (toasts) {
  const said = [...toasts.children];
  requestAnimationFrame(() => requestAnimationFrame(() => toasts.append(...said)));
}

// Light or dark, in place; the answer of the server keeps it for the next page.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-theme-switch]");
  if (!form || form.dataset.plain) return;
  event.preventDefault();
  delete form.dataset.sent;
  const { value } = event.submitter;
  const sent = new FormData(form, event.submitter);
  const kept = await fetch(form.action, { method: "POST", body: sent, redirect: "manual" }).catch(() => null);
  if (kept?.type !== "opaqueredirect") { form.dataset.plain = "yes"; form.requestSubmit(event.submitter); return; }
  const root = document.documentElement;
  if (value === "system") delete root.dataset.theme; else root.dataset.theme = value;
  for (const button of form.querySelectorAll("button")) button.ariaPressed = String(button === event.submitter);
  document.querySelector("meta[name=color-scheme]").content = value === "system" ? "light dark" : value;
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) meta.content = getComputedStyle(document.body).backgroundColor;
});

// Back to where one was: through the browser's history, which keeps what was typed.
document.querySelector("[data-back]")?.addEventListener("click", (event) => {
  if (history.length < 2) return;
  event.preventDefault();
  history.back();
});

// The folded menu closes with Esc, and gives the focus back to its button.
const menu = document.querySelector(".side .menu");
menu?.closest(".side").addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
