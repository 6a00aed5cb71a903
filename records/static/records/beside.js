// Details of a row beside its list: beside it on a wide screen, over it on a narrow one. The page's address says
// which row is open, so that Back closes it and a reload shows it again. Without this file a control is a link.
"use strict";
{
  const wide = matchMedia("(min-width: 1100px)");
  const [aside, dialog, frame] = document.getElementById("beside-parts").content.cloneNode(true).children;
  const part = (name) => frame.querySelector(`[data-${name}]`);
  const title = frame.querySelector("h2");
  const said = part("said");
  const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
  let chosen = null; // the control whose row is open
  let asking = null; // what ends the request that is under way
  document.getElementById("main").after(aside, dialog);

  // The rows of the page, in order.
  const controls = () => [...document.querySelectorAll("a[data-beside]")];
  const rowOf = (control) => control.closest("tr, li");

  function show(control, { focus = true } = {}) {
    mark(control);
    place();
    title.textContent = control.dataset.name;
    const all = controls();
    const at = all.indexOf(control);
    part("place").textContent = part("place").dataset.place
      .replace("{number}", at + 1).replace("{count}", all.length);
    part("previous").setAttribute("aria-disabled", at === 0);
    part("next").setAttribute("aria-disabled", at === all.length - 1);
    if (focus) title.focus({ preventScroll: true });
    load(control);
  }

  function hide() {
    asking?.abort();
    const control = chosen;
    mark(null);
    aside.hidden = true;
    if (dialog.open) dialog.close();
    document.body.classList.remove("has-beside");
    unfold();
    if (control && (document.activeElement === document.body || frame.contains(document.activeElement))) control.focus();
    frame.remove();
  }

  function mark(control) {
    if (chosen) rowOf(chosen).removeAttribute("aria-current");
    chosen = control;
    if (!control) return;
    rowOf(control).setAttribute("aria-current", "true");
    rowOf(control).scrollIntoView({ block: "nearest" });
  }

  // The frame stands in the one of its two places that the screen has room for.
  function place() {
    const host = wide.matches ? aside : dialog;
    if (frame.parentElement !== host) {
      const held = frame.contains(document.activeElement) ? document.activeElement : null;
      host.append(frame);
      aside.hidden = !wide.matches;
      if (wide.matches && dialog.open) dialog.close();
      if (!wide.matches) dialog.showModal();
      document.body.classList.toggle("has-beside", wide.matches);
      held?.focus();
    }
    fold();
  }

  async function load(control) {
    asking?.abort();
    const own = asking = new AbortController();
    const slow = setTimeout(() => say("loading"), 150);
    frame.setAttribute("aria-busy", "true");
    part("failing").hidden = true;
    try {
      const answer = await fetch(control.href, { headers: { "X-Beside": "yes" }, signal: own.signal });
      if (answer.redirected) location.assign(control.href); // signed out meanwhile: the page says so
      else if (answer.ok) adopt(await answer.text());
      else fail(control, [403, 404].includes(answer.status) ? "gone" : "failed");
    } catch {
      if (!own.signal.aborted) fail(control, "failed");
    }
    clearTimeout(slow);
    if (own === asking) frame.removeAttribute("aria-busy");
  }

  function adopt(html) {
    say("");
    part("gist").replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.children);
    frame.parentElement.scrollTop = 0;
  }

  function fail(control, word) {
    say(word);
    part("failing").hidden = false;
    part("page").href = control.href;
  }

  function say(word) {
    said.textContent = word && said.dataset[word];
    if (word) part("gist").replaceChildren();
  }

  // Columns for which there is no room beside the panel step aside, the last first; that of the controls stays.
  function fold() {
    unfold();
    if (aside.hidden) return;
    for (const table of document.querySelectorAll("table:has(a[data-beside])")) {
      const box = table.parentElement;
      const columns = table.tHead?.rows[0]?.cells.length ?? 0;
      for (let at = columns - 1; at > 0 && box.scrollWidth > box.clientWidth; at--) {
        const cells = [...table.rows].map((row) => row.cells[at]).filter(Boolean);
        if (cells.some((cell) => cell.querySelector("[data-beside]"))) continue;
        for (const cell of cells) cell.classList.add("beside-folded");
      }
    }
  }
  function unfold() {
    for (const cell of document.querySelectorAll(".beside-folded")) cell.classList.remove("beside-folded");
  }

  // The address. The first row adds to the history, the next ones only change its last entry.
  const asked = () => new URLSearchParams(location.hash.slice(1)).get("beside");
  const addressOf = (control) => `#beside=${encodeURIComponent(control.dataset.beside)}`;

  function open(control) {
    if (asked() === null) history.pushState({ beside: true }, "", addressOf(control));
    else history.replaceState(history.state, "", addressOf(control));
    show(control);
  }

  function close() {
    if (history.state?.beside) { history.back(); return; } // and `follow` hides it
    history.replaceState(null, "", location.pathname + location.search);
    hide();
  }

  function follow(options) {
    const key = asked();
    const control = key === null ? null : controls().find((each) => each.dataset.beside === key);
    if (!control) { if (chosen) hide(); return; }
    if (!chosen || chosen.dataset.beside !== key) show(control, options);
  }

  function step(by) {
    const all = controls();
    const next = all[all.indexOf(chosen) + by];
    if (!next) return;
    history.replaceState(history.state, "", addressOf(next));
    show(next, { focus: false });
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || !isPlain(event)) return;
    const control = event.target.closest("a[data-beside]") ?? controlOfRow(event);
    if (!control) return;
    event.preventDefault();
    if (control === chosen) title.focus(); else open(control);
  });

  // An empty place of a row is as good as its control; links, fields and chosen text keep their own meaning.
  function controlOfRow(event) {
    if (event.target.closest("a, button, input, select, textarea, label, summary, dialog") || String(getSelection())) return null;
    return event.target.closest("tbody tr")?.querySelector("a[data-beside]");
  }

  part("close").addEventListener("click", close);
  part("previous").addEventListener("click", () => step(-1));
  part("next").addEventListener("click", () => step(1));
  part("again").addEventListener("click", () => { load(chosen); title.focus(); });
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || aside.hidden) return;
    if (document.querySelector("dialog[open]") || event.target.matches("input, select, textarea")) return;
    event.preventDefault();
    close();
  });
  wide.addEventListener("change", () => { if (chosen) place(); });
  addEventListener("resize", () => { if (chosen) fold(); });
  addEventListener("popstate", () => follow());
  follow({ focus: false });
}
