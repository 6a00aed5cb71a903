// Comforts of lists: panels that close again, ticking many, the bar that says how many. All of it works without this file.
"use strict";

// A panel closes on Escape, which returns to its button, when another one opens, and when somebody presses elsewhere.
const open = () => document.querySelectorAll("details[data-pop][open]");
document.addEventListener("click", (event) => {
  for (const pop of open()) if (!pop.contains(event.target)) pop.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const pop = event.target.closest?.("details[data-pop][open]") ?? open()[0];
  if (!pop) return;
  event.preventDefault();
  pop.open = false;
  pop.querySelector("summary").focus();
});
document.addEventListener("focusin", (event) => {
  for (const pop of open()) if (!pop.contains(event.target) && !event.target.closest("dialog")) pop.open = false;
});

const bar = document.querySelector("form[data-several]");
if (bar) {
  const boxes = [...document.querySelectorAll("input[data-tick]")];
  const heads = [...document.querySelectorAll("input[data-tick-page]")];
  const said = bar.querySelector("[data-ticked]");

  const below = (head) => boxes.filter((box) => head.closest("table").contains(box));
  const count = () => {
    const number = boxes.filter((box) => box.checked).length;
    bar.hidden = number === 0;
    for (const head of heads) {
      const own = below(head);
      const ticked = own.filter((box) => box.checked).length;
      head.checked = own.length > 0 && ticked === own.length;
      head.indeterminate = ticked > 0 && ticked < own.length;
    }
    said.textContent = number === 1 ? said.dataset.one : said.dataset.other.replace("#", number);
    for (const box of boxes) box.closest("tr").classList.toggle("ticked", box.checked);
  };
  const set = (some, checked) => { for (const box of some) box.checked = checked; count(); };

  for (const head of heads) {
    head.hidden = false;
    head.addEventListener("change", () => set(below(head), head.checked));
  }
  bar.querySelector("[data-tick-tools]").hidden = false;
  bar.querySelector("[data-tick-every]").addEventListener("click", () => set(boxes, true));
  bar.querySelector("[data-tick-none]").addEventListener("click", () => { set(boxes, false); boxes[0].focus(); });

  // With Shift, everything between the last box that was pressed and this one.
  let last = null;
  for (const box of boxes) {
    box.addEventListener("click", (event) => {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      if (event.shiftKey && last) for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
      last = box;
    });
    box.addEventListener("change", count);
  }
  window.addEventListener("pageshow", count);
  bar.classList.add("floats");
  count();
}
