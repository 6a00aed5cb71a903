// A one-time link is selected whole as soon as somebody goes to it, ready to be copied.
"use strict";

for (const field of document.querySelectorAll("input[data-select]")) {
  field.addEventListener("focus", () => field.select());
}
