// What scripts that propose an expiry share.
"use strict";

// An ISO date some months later; what would be 30 February is the month's last day.
function later(day, months) {
  const [year, month, date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0));
  last.setUTCDate(Math.min(date, last.getUTCDate()));
  return Number.isNaN(last.getTime()) || last.getUTCFullYear() > 9999 ? "" : last.toISOString().slice(0, 10);
}
