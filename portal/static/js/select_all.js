// A box that selects all boxes of one name. Without scripts it stays hidden.
(() => {
  for (const all of document.querySelectorAll("[data-select-all]")) {
    const boxes = [...document.querySelectorAll(`input[name="${all.dataset.selectAll}"]`)];
    if (!boxes.length) continue;
    const show = () => {
      const count = boxes.filter((box) => box.checked).length;
      all.checked = count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    };
    all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
    for (const box of boxes) box.addEventListener("change", show);
    all.closest("label").hidden = false;
    show();
  }
})();
