// The lines of a form: a scan adds to the line of its product, or begins one.
(() => {
  "use strict";

  const form = document.querySelector("[data-stock-form]");
  if (!form) return;
  const words = texts.stock;
  const body = form.querySelector(".stock-lines tbody");
  const more = form.querySelector("[data-more-lines]");
  more.hidden = false;
  more.addEventListener("click", () => addLine().querySelector("input").focus());
  globalThis.stock.scanner(form.querySelector("[data-scan]"), (product, quantity) => {
    const cells = [...body.rows].map(cellsOf);
    const row = cells.find((one) => one.product.value.trim() === product.code)
      ?? cells.find((one) => !one.product.value.trim() && !one.quantity.value.trim()) ?? cellsOf(addLine());
    row.product.value = product.code;
    row.name.textContent = product.name === product.code ? "" : product.name;
    row.quantity.value = String(Math.round((Number(row.quantity.value.replace(",", ".")) + quantity) * 1e9) / 1e9);
    return words.added({ name: product.name, quantity: row.quantity.value });
  });

  function cellsOf(row) {
    const [product, quantity] = row.querySelectorAll("input");
    return { product, quantity, name: row.querySelector("[data-name]") };
  }

  function addLine() {
    const row = body.rows[0].cloneNode(true);
    const line = body.rows.length + 1;
    const { product, quantity, name } = cellsOf(row);
    row.classList.remove("wrong");
    row.querySelector(".error")?.remove();
    for (const input of [product, quantity]) {
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
    name.textContent = "";
    product.setAttribute("aria-label", words.productOf({ line }));
    quantity.setAttribute("aria-label", words.quantityOf({ line }));
    body.append(row);
    return row;
  }
})();
