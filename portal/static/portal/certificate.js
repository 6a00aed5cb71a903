// Comforts around a certificate: the form in a dialog over the list, files one after the other, progress. All of it
// works without this file.
"use strict";

const opener = document.querySelector("a[data-add-certificate]");
if (opener) opening(opener, document.getElementById("add-certificate"));
for (const sheet of document.querySelectorAll("main > [data-sheet]")) filling(sheet);

// The link opens the page that it leads to in the dialog; closed and opened again, all that was typed is there.
function opening(link, dialog) {
  const place = dialog.querySelector("[data-place]");
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!place.firstElementChild) {
      if (link.ariaBusy) return;
      link.ariaBusy = "true";
      const sheet = await fetched(link.href);
      link.ariaBusy = null;
      if (!sheet) { window.location.assign(link.href); return; }
      place.replaceChildren(sheet);
      filling(sheet);
    }
    dialog.showModal();
    place.querySelector("input:not([type=hidden])").focus();
  });
}

async function fetched(address) {
  const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
  return answer?.ok ? sheetIn(await answer.text()) : null;
}

function sheetIn(html) {
  const sheet = new DOMParser().parseFromString(html, "text/html").querySelector("[data-sheet]");
  return sheet && document.adoptNode(sheet);
}

function filling(sheet) {
  const form = sheet.querySelector("form[data-certificate]");
  const errors = form.querySelector("[data-file-errors]");

  for (const button of form.querySelectorAll("[data-plain]")) button.hidden = true;
  form.querySelector("[data-cancel]").addEventListener("click", (event) => {
    const dialog = form.closest("dialog");
    if (dialog) { event.preventDefault(); dialog.close(); }
  });
  choosingFiles(form, {
    target: form.querySelector("[data-drop]"),
    there: () => form.querySelectorAll(".arrived input:not(:checked)").length,
    changed: () => {},
    refused: (texts) => {
      errors.replaceChildren(...texts.map((text) => made("p", { className: "error", textContent: text, role: "alert" })));
    },
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.dataset.travelling) return;
    sheet.querySelector("[data-failure]")?.remove();
    sendingFiles(form, { address: form.action, answered: replaced, failed: complain });
  });

  // The same form with what is wrong beside each field; the files that arrived are listed in it.
  function replaced(request) {
    const again = sheetIn(request.responseText);
    if (!again) return false;
    sheet.replaceWith(again);
    filling(again);
    (again.querySelector(".error-summary") ?? again.querySelector("input:not([type=hidden])")).focus();
    again.scrollIntoView({ block: "start" });
    return true;
  }

  function complain(sentence) {
    const box = made("div", { className: "error-summary", role: "alert", tabIndex: -1 });
    box.dataset.failure = "";
    box.append(made("h2", { textContent: form.dataset.failedTitle }), made("p", { textContent: sentence }));
    sheet.prepend(box);
    box.focus();
  }
}

function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
