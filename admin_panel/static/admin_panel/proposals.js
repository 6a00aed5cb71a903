// Fields of a new certification propose values: Expires from the type's usual term, Renews from what is held.
"use strict";

const part = (row, name) => row.querySelector(`[name$="-${name}"]`);

// A type with a usual term proposes Expires, as long as nobody typed one.
function proposeExpiry(row) {
  const [type, issued, expires] = ["type_id", "issued_on", "expires_on"].map((name) => part(row, name));
  const term = Number(type.selectedOptions[0]?.dataset.term);
  if (expires.value && expires.value !== expires.dataset.proposed) return;
  const proposed = term && /^\d{4}-\d\d-\d\d$/.test(issued.value) ? later(issued.value, term) : "";
  expires.value = proposed;
  expires.dataset.proposed = proposed;
}

// A type that the member holds proposes Renews; the choices are those of that type.
function proposeRenewal(row, chosenNow) {
  const type = part(row, "type_id").value;
  const renews = part(row, "renews_id");
  if (!renews) return;
  const fitting = [...renews.options].filter((option) => option.value && option.dataset.type === type);
  for (const option of renews.options) option.hidden = option.disabled = Boolean(option.value) && !fitting.includes(option);
  renews.closest(".renews").hidden = fitting.length === 0;
  if (chosenNow) renews.value = fitting.find((option) => option.dataset.due)?.value ?? "";
}

function prepare(row) {
  proposeRenewal(row, false);
  part(row, "type_id").addEventListener("change", () => { proposeRenewal(row, true); proposeExpiry(row); });
  part(row, "issued_on").addEventListener("change", () => proposeExpiry(row));
}
for (const row of document.querySelectorAll("[data-new-row]")) prepare(row);
