// The filter bar: values found by typing, and a sheet on a phone.
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

  for (const box of sheet.querySelectorAll("[data-values]")) {
    const offered = box.closest(".menu").querySelector(".offered");
    let waiting;
    let requests = 0;
    box.hidden = false;

    async function find() {
      const mine = ++requests;
      const answer = await fetch(`${box.dataset.values}?q=${encodeURIComponent(box.value)}`).catch(() => undefined);
      if (!answer?.ok || answer.redirected || mine !== requests) return;
      const results = document.createElement("template");
      results.innerHTML = await answer.text();
      // What is ticked stays, whatever is looked for.
      const ticked = [...offered.querySelectorAll("input:checked")];
      const there = new Set(ticked.map((one) => one.value));
      const fresh = [...results.content.children].filter((one) => !there.has(one.querySelector("input")?.value));
      const held = offered.contains(document.activeElement) ? document.activeElement.value : null;
      offered.replaceChildren(...ticked.map((one) => one.closest("label")), ...fresh);
      // Late results must not take the focus from the choice that a key is about to tick.
      if (held !== null) [...offered.querySelectorAll("input")].find((one) => one.value === held)?.focus();
    }

    box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(find, 150); });
    box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    const choice = box.closest("details");
    function showChoices() {
      if (!choice.open) return;
      box.focus();
      if (!offered.querySelector("label")) find();
    }
    choice.addEventListener("toggle", showChoices);
    // The toggle event comes a moment later; what is typed until then belongs in the box.
    choice.querySelector("summary").addEventListener("click", (event) => {
      event.preventDefault();
      choice.open = !choice.open;
      showChoices();
    });
    showChoices(); // opened before this script was loaded
  }
})();
