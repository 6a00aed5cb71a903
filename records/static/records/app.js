// Comforts for both faces. Everything works without this file.
"use strict";

// A button or link with data-confirm asks first, in a dialog with Ok and Cancel.
const asker = document.getElementById("confirm");
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const question = button?.dataset.confirm;
  if (!question || !asker || button.dataset.confirmed) return;
  event.preventDefault();
  asker.querySelector("p").textContent = question;
  asker.returnValue = "";
  asker.showModal();
  asker.addEventListener("close", () => {
    if (asker.returnValue !== "ok") return;
    button.dataset.confirmed = "yes";
    event.target.requestSubmit(button);
  }, { once: true });
});

// A form is sent once, however often its button is pressed. A button with data-wait says so while its work lasts.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const form = event.target;
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
