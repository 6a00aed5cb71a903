// Files on their way in: chosen, dropped, pasted or photographed; each with a preview, travelling by itself, so that one
// that fails takes no other with it. The form waits for all of them and is sent with the ids under which they are kept.
// Its words, limits and address are data of the place (records/components/uploader.html). It works without this file, too.
"use strict";

const uploader = (() => {
  const AT_ONCE = 3;
  const SHOWN = ["image/jpeg", "image/png", "image/webp", "image/gif"];
  const places = []; // each { box, take, travelling }: where files may be handed over on this page

  // The place of several files. The form around it has a token against forgery and a key.
  function uploading(box) {
    const texts = box.dataset;
    const { form } = box.querySelector("input[type=file]");
    const [input, list, said, held] = ["input[type=file]", "[data-list]", "[data-said]", "[data-held]"].map((one) => box.querySelector(one));
    const files = []; // each { row, name, size, state, and file, id, request where it has them }
    const left = []; // ids of files that arrived and are not wanted any more
    let pressed = null; // the button that waits for files to arrive
    let paused = false; // the server has had too many in a minute and said when to go on

    box.classList.add("enhanced");
    box.querySelector("[data-comfort]").hidden = false;
    box.append(made("input", { type: "hidden", name: "listed", value: "yes" }));
    for (const row of list.querySelectorAll("[data-arrived]")) files.push(there(row));
    input.addEventListener("change", () => takeChosen());
    preparing(box.querySelector("[data-camera]"), add);
    form.addEventListener("submit", hold, { capture: true });
    places.push({ box, take: add, travelling: () => box.isConnected && files.some(underWay) });
    count();
    if (input.files.length) takeChosen(); // before this script ran, or kept over a reload

    function takeChosen() {
      const chosen = [...input.files];
      input.value = ""; // they travel by themselves, and the same one may be chosen again
      add(chosen);
    }

    // Those that can travel set out; of each other one is said why not.
    function add(chosen) {
      const sentences = [];
      for (const file of chosen) {
        const why = whyNot(file);
        if (why) sentences.push(filled(why, { name: file.name, size: size(file.size) }));
        else files.push(listed(file));
      }
      complain(sentences);
      count();
      setOut();
    }

    function whyNot(file) {
      const present = files.reduce((sum, other) => sum + other.size, 0);
      const kept = list.querySelectorAll("input[name=drop]:not(:checked)").length;
      if (file.size > Number(texts.largest)) return texts.tooLarge;
      if (file.size === 0) return texts.empty;
      if (files.some((other) => other.file && sameFile(file, other.file))) return texts.twice;
      if (files.length + kept >= Number(texts.mostFiles)) return texts.tooMany;
      return present + file.size > Number(texts.mostBytes) ? texts.tooMuch : "";
    }

    function listed(file) {
      const row = box.querySelector("template[data-row]").content.cloneNode(true).firstElementChild;
      const item = { row, file, name: file.name, size: file.size };
      row.querySelector("[data-name]").textContent = file.name;
      row.querySelector("[data-size]").textContent = size(file.size);
      row.querySelector("progress").setAttribute("aria-label", file.name);
      picture(row.querySelector("[data-thumb]"), file);
      for (const [what, act] of [["retry", () => retry(item)], ["cancel", () => remove(item)], ["remove", () => remove(item)]]) {
        const button = part(item, what);
        button.setAttribute("aria-label", filled(texts[what], { name: file.name }));
        button.addEventListener("click", act);
      }
      list.append(row);
      show(item, "queued");
      return item;
    }

    // A file that the server listed: its box to leave it out becomes the button that the others have.
    function there(row) {
      const name = row.querySelector("[data-name]").textContent;
      const item = { row, name, size: Number(row.dataset.bytes), state: "stored", id: Number(row.dataset.arrived) };
      const button = box.querySelector("template[data-row]").content.querySelector("[data-do=remove]").cloneNode(true);
      button.hidden = false;
      button.setAttribute("aria-label", filled(texts.remove, { name }));
      button.addEventListener("click", () => remove(item));
      row.querySelector(".check").replaceWith(button);
      return item;
    }

    function show(item, state, why = "") {
      item.state = state;
      item.row.dataset.state = state;
      item.row.querySelector("progress").hidden = state !== "travelling";
      item.row.querySelector("[data-state]").textContent = state === "failed" ? "" : texts[state] ?? "";
      const reason = item.row.querySelector("[data-why]");
      reason.hidden = !why;
      if (why) reason.role = "alert"; else reason.removeAttribute("role");
      reason.textContent = why;
      part(item, "retry").hidden = state !== "failed";
      part(item, "cancel").hidden = !underWay(item);
      part(item, "remove").hidden = underWay(item);
    }

    function setOut() {
      if (paused) return;
      const waiting = files.filter(({ state }) => state === "queued");
      const room = AT_ONCE - files.filter(({ state }) => state === "travelling").length;
      for (const item of waiting.slice(0, Math.max(0, room))) travel(item);
    }

    function travel(item) {
      const request = item.request = new XMLHttpRequest();
      const { csrf_token: token, key } = form.elements;
      show(item, "travelling");
      progress(item, 0);
      request.upload.addEventListener("progress", ({ loaded, total }) => progress(item, Math.floor((loaded / total) * 100)));
      request.addEventListener("load", () => arrived(item, request));
      request.addEventListener("error", () => failed(item, texts.failed));
      request.open("POST", texts.address);
      for (const [name, value] of Object.entries({
        Accept: "application/json",
        "Content-Type": "application/octet-stream",
        "Content-Disposition": `attachment; filename*=UTF-8''${inHead(item.name)}`,
        "X-CSRFToken": token.value,
        "X-Form-Key": key.value,
        "X-Leave-Out": left.join(),
      })) request.setRequestHeader(name, value);
      request.send(item.file);
    }

    function progress(item, percent) {
      item.row.querySelector("progress").value = percent;
      item.row.querySelector("[data-state]").textContent = percent < 100 ? filled(texts.travelled, { percent: `${percent} %` }) : texts.storing;
    }

    function pause(item, seconds) {
      show(item, "queued");
      paused = true;
      setTimeout(() => {
        paused = false;
        setOut();
      }, seconds * 1000);
    }

    function arrived(item, request) {
      if (request.status === 429) {
        pause(item, Number(request.getResponseHeader("Retry-After")) || 60);
        return;
      }
      const answer = inJson(request.responseText);
      if (request.status !== 201 || !answer?.id) {
        if ([400, 401].includes(request.status)) form.dataset.stale = "yes";
        failed(item, answer?.error ?? texts.refused);
        return;
      }
      const same = files.find(({ id }) => id === answer.id);
      item.id = answer.id;
      if (same) {
        discard(item);
        complain([filled(texts.same, { name: item.name, other: same.name })]);
      } else {
        item.row.append(made("input", { type: "hidden", name: "staged", value: item.id }));
        const focused = item.row.contains(document.activeElement);
        show(item, "stored");
        if (focused) part(item, "remove").focus();
        tell(filled(texts.told, { name: item.name }));
      }
      goOn();
    }

    function failed(item, why) {
      show(item, "failed", why);
      goOn();
    }

    async function retry(item) {
      show(item, "queued");
      part(item, "cancel").focus();
      await refresh(form);
      complain([]);
      setOut();
    }

    function remove(item) {
      const at = files.indexOf(item);
      item.request?.abort();
      if (item.id) left.push(item.id);
      discard(item);
      complain([]);
      tell(filled(texts.removed, { name: item.name }));
      const next = files[at] ?? files[at - 1];
      (next?.row.querySelector("button:not([hidden])") ?? input).focus();
      goOn();
    }

    function discard(item) {
      files.splice(files.indexOf(item), 1);
      item.row.remove();
      count();
    }

    function count() {
      list.hidden = !list.childElementCount;
      box.querySelector("[data-count]").textContent = JSON.parse(texts.counts)[files.length] ?? "";
    }

    // Pressed while files travel, the form waits for them; one that did not arrive has to be settled first.
    function hold(event) {
      const first = files.find(({ state }) => state === "failed");
      if (files.some(underWay)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        pressed = event.submitter ?? form;
        held.textContent = texts.holding;
      } else if (first || (texts.none && !files.length)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        complain([first ? filled(texts.first, { name: first.name }) : texts.none]);
        (first ? part(first, "retry") : input).focus();
      }
    }

    // After each that has settled: the next one sets out; behind the last, the form goes on if it was pressed.
    function goOn() {
      setOut();
      if (files.some(underWay)) return;
      held.textContent = "";
      const button = pressed;
      pressed = null;
      if (button) form.requestSubmit(button === form ? null : button);
    }

    function complain(sentences) {
      const lines = sentences.map((textContent) => made("p", { className: "error", textContent, role: "alert" }));
      box.querySelector("[data-complaints]").replaceChildren(...lines);
    }

    function tell(textContent) {
      said.append(made("p", { textContent }));
      if (said.childElementCount > 5) said.firstElementChild.remove();
    }
  }

  // The place of one file, which the form sends as it is.
  function takingOne(box) {
    const input = box.querySelector("input[type=file]");
    places.push({
      box,
      take: ([file]) => {
        const given = new DataTransfer();
        given.items.add(file);
        input.files = given.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      },
    });
  }

  // What is too large or empty for a field that sends its files as they are is said at once, and taken out again.
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches("input[type=file][data-largest]")) return;
    const place = input.closest("[data-drop-one]") ?? input;
    const { largest, tooLarge, empty } = input.dataset;
    const wrong = [...input.files].find((file) => file.size > Number(largest) || file.size === 0);
    if (place.nextElementSibling?.matches("[data-wrong]")) place.nextElementSibling.remove();
    if (!wrong) return;
    event.stopImmediatePropagation();
    const textContent = filled(wrong.size ? tooLarge : empty, { name: wrong.name, size: size(wrong.size) });
    const said = made("p", { className: "error", role: "alert", textContent });
    said.dataset.wrong = "";
    place.after(said);
    input.value = "";
  }, { capture: true });

  // Handing files over by hand: to the place beneath the pointer, else to the one that takes them from the whole page.
  const visible = ({ box }) => box.isConnected && box.getClientRects().length > 0;
  const placeFor = (target) => places.find((place) => visible(place) && place.box.contains(target))
    ?? places.findLast((place) => visible(place) && place.box.dataset.page !== undefined);
  const brings = (transfer) => transfer?.types.includes("Files");

  document.addEventListener("dragover", (event) => {
    if (!brings(event.dataTransfer)) return;
    const place = placeFor(event.target);
    if (place || places.length) event.preventDefault(); // else the browser would leave the page for the file
    mark(place);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(null); });
  document.addEventListener("drop", (event) => {
    if (!brings(event.dataTransfer) || !places.length) return;
    event.preventDefault();
    mark(null);
    handOver(placeFor(event.target), event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    const typing = event.target.closest?.("input, textarea");
    const place = places.findLast((each) => visible(each) && each.travelling);
    if (!place || !brings(event.clipboardData) || (typing && event.clipboardData.types.includes("text/plain"))) return;
    event.preventDefault();
    handOver(place, event.clipboardData);
  });
  window.addEventListener("beforeunload", (event) => {
    if (places.some((place) => place.travelling?.())) event.preventDefault();
  });

  function mark(place) {
    for (const { box } of places) box.classList.toggle("over", box === place?.box);
  }

  function handOver(place, transfer) {
    const handed = [...transfer.items].filter(({ kind }) => kind === "file");
    const folder = handed.find((item) => item.webkitGetAsEntry?.()?.isDirectory)?.getAsFile();
    const files = handed.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile());
    if (place && files.length) place.take(files);
    if (folder && place?.box.dataset.folder) {
      const said = made("p", { className: "error", role: "alert", textContent: filled(place.box.dataset.folder, folder) });
      place.box.querySelector("[data-complaints]").append(said);
    }
  }

  // A button that opens the camera, where the pointer is a finger. The field is made for it, and again for each photo.
  function preparing(button, take) {
    button.hidden = !window.matchMedia("(pointer: coarse)").matches;
    button.addEventListener("click", () => {
      const camera = made("input", { type: "file", accept: "image/*" });
      camera.setAttribute("capture", "environment");
      camera.addEventListener("change", () => take([...camera.files]));
      camera.click();
    });
  }

  // A small picture of a file that browsers show safely, in the place of its icon.
  function picture(place, file) {
    if (!SHOWN.includes(file.type)) return;
    const image = made("img", { className: "thumb", alt: "", src: URL.createObjectURL(file) });
    const forget = () => URL.revokeObjectURL(image.src);
    image.addEventListener("load", () => { place.replaceWith(image); forget(); });
    image.addEventListener("error", forget);
  }

  // The form was shown again with the files that have arrived, in the same order: their pictures move along.
  function keepPictures(from, to) {
    const [before, after] = [from, to].map((each) => [...each.querySelectorAll("[data-list] li:has(input[name=staged])")]);
    if (before.length !== after.length) return;
    after.forEach((row, at) => {
      const image = before[at].querySelector("img.thumb");
      if (image) row.querySelector(".thumb").replaceWith(image);
    });
  }

  // Signed in again in another tab, or open for long: the form gets the token that holds now.
  async function refresh(form) {
    if (!form.dataset.stale) return;
    const page = await fetch(window.location.href, { credentials: "same-origin" }).then((answer) => answer.text()).catch(() => "");
    const token = new DOMParser().parseFromString(page, "text/html").querySelector("input[name=csrf_token]");
    if (token) form.elements.csrf_token.value = token.value;
    delete form.dataset.stale;
  }

  function underWay({ state }) {
    return state === "queued" || state === "travelling";
  }

  function part({ row }, what) {
    return row.querySelector(`[data-do=${what}]`);
  }

  function sameFile(one, other) {
    return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
  }

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  // As RFC 8187 writes names in a head; half characters, which some systems allow in names, as U+FFFD.
  function inHead(name) {
    const whole = new TextDecoder().decode(new TextEncoder().encode(name));
    return encodeURIComponent(whole).replace(/['()*!]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  }

  function made(tag, properties) {
    return Object.assign(document.createElement(tag), properties);
  }

  function inJson(text) {
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  }

  function size(bytes) {
    for (const [unit, length] of [["GB", 1024 ** 3], ["MB", 1024 ** 2], ["KB", 1024]]) {
      if (bytes >= length) return `${(bytes / length).toFixed(1).replace(/\.0$/, "")} ${unit}`;
    }
    return `${bytes} B`;
  }

  for (const box of document.querySelectorAll("[data-uploader]")) uploading(box);
  for (const box of document.querySelectorAll("[data-drop-one]")) takingOne(box);
  return { uploading, refresh, keepPictures, inJson };
})();
