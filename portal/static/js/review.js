// Held files: the answers of a file are fetched when its part is opened; buttons for several files follow the selection.
(() => {
  "use strict";

  async function load(part) {
    if (!part.open || part.dataset.loaded) return;
    part.dataset.loaded = "yes";
    const body = part.querySelector(".more-body");
    body.setAttribute("aria-busy", "true");
    try {
      let answer = await fetch(part.dataset.src);
      if (answer.redirected && await globalThis.ensureSignedIn()) answer = await fetch(part.dataset.src);
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      body.innerHTML = await answer.text();
      document.dispatchEvent(new CustomEvent("fresh", { detail: body }));
    } catch {
      delete part.dataset.loaded;
      body.textContent = texts.review.notLoaded;
    }
    body.removeAttribute("aria-busy");
  }

  for (const part of document.querySelectorAll("details[data-src]")) {
    part.addEventListener("toggle", () => load(part));
    load(part);
  }

  const form = document.getElementById("several");
  if (!form) return;
  const boxes = [...document.querySelectorAll("input[name=batch]")];
  const all = form.querySelector("[data-all]");

  function show() {
    const count = boxes.filter((box) => box.checked).length;
    form.querySelector("[data-selected]").textContent = count ? texts.review.selected({ count, all: boxes.length }) : texts.review.noneSelected;
    for (const button of form.querySelectorAll("button")) button.disabled = !count;
    all.checked = count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }

  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; show(); });
  for (const box of boxes) box.addEventListener("change", show);
  all.closest("label").hidden = false;
  show();
})();
