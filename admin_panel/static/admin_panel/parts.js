// A part of the page that takes longer comes after it. Without this file, or should it fail, a link leads to it.
"use strict";

for (const place of document.querySelectorAll("[data-loads]")) {
  place.ariaBusy = "true";
  fetch(place.dataset.loads, { credentials: "same-origin" }).then(async (answer) => {
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.getElementById(place.dataset.part);
    if (part) place.replaceChildren(document.adoptNode(part));
  }).catch(() => {}).finally(() => place.removeAttribute("aria-busy"));
}
