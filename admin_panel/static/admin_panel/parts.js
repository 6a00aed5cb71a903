// A part of the page that takes longer comes after it, and again where it says that it is not ready. Without this file, or should it fail, a link leads to it.
"use strict";

const load = (place) => {
  place.ariaBusy = "true";
  fetch(place.dataset.loads, { credentials: "same-origin" }).then(async (answer) => {
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.getElementById(place.dataset.part);
    if (part) place.replaceChildren(document.adoptNode(part));
    const seconds = Number(answer.headers.get("Refresh"));
    if (seconds) setTimeout(load, 1000 * seconds, place);
  }).catch(() => {}).finally(() => place.removeAttribute("aria-busy"));
};

for (const place of document.querySelectorAll("[data-loads]")) load(place);
