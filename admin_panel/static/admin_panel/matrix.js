// Arrow keys move between the cells of the matrix; Tab enters it once and leaves it. Without this file Tab goes through.
"use strict";

for (const table of document.querySelectorAll("[data-matrix]")) {
  const rows = [...table.querySelectorAll("tbody tr")]
    .map((row) => [...row.querySelectorAll("[data-cell]")])
    .filter((cells) => cells.length);
  if (!rows.length) continue;
  document.querySelector("[data-matrix-hint]").hidden = false;
  let here = rows[0][0];
  for (const cell of rows.flat()) cell.tabIndex = cell === here ? 0 : -1;

  const go = (cell) => {
    if (!cell) return;
    here.tabIndex = -1;
    here = cell;
    here.tabIndex = 0;
    here.focus();
  };
  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (!cell || cell === here) return;
    here.tabIndex = -1;
    here = cell;
    here.tabIndex = 0;
  });
  table.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.shiftKey || !event.target.closest("[data-cell]")) return;
    const row = rows.findIndex((cells) => cells.includes(here));
    const column = rows[row].indexOf(here);
    const to = {
      ArrowRight: () => rows[row][column + 1],
      ArrowLeft: () => rows[row][column - 1],
      ArrowDown: () => rows[row + 1]?.[column],
      ArrowUp: () => rows[row - 1]?.[column],
      Home: () => (event.ctrlKey ? rows[0] : rows[row])[0],
      End: () => (event.ctrlKey ? rows.at(-1) : rows[row]).at(-1),
    }[event.key];
    if (!to) return;
    event.preventDefault();
    go(to());
  });
}
