// The filter bar: a sheet on a phone.
(() => {
  "use strict";

  const sheet = document.querySelector(".filter-sheet");
  const phone = matchMedia("(max-width: 700px)");
  const details = document.querySelector("[data-fold]");
  // A chart that is drawn while it is folded has no width.
  details?.addEventListener("toggle", () => { if (details.open) dispatchEvent(new Event("resize")); });
  const fold = () => { for (const one of [sheet, details]) if (one) one.open = !phone.matches; };
  phone.addEventListener("change", fold);
  fold();
  if (!sheet) return;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !phone.matches || !sheet.open || sheet.querySelector(".choice[open]")) return;
    sheet.open = false;
    sheet.querySelector("summary").focus();
  });

  document.addEventListener("click", (event) => {
    if (phone.matches && sheet.open && !sheet.contains(event.target)) sheet.open = false;
  });
})();
