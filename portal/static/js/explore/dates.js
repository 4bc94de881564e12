// Dates that are entered choose the period of one's own, so that they count.
(() => {
  "use strict";

  const period = document.querySelector("[name=preset]");
  if (!period) return;
  for (const name of ["from", "to"]) {
    document.getElementById(name)?.addEventListener("input", () => { period.value = "own"; });
  }
})();
