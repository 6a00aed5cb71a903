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

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 8000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

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
