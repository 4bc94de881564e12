// The field of a barcode scanner: a code and Enter adds 1 of a product; 3*4711 adds 3. Scans are handled one after the
// other, so that none is lost while a code is looked up.
(() => {
  "use strict";

  const TIMES = /^([0-9]+(?:[.,][0-9]+)?)\s*[*×]\s*(\S.*)$/;
  const words = texts.stock;

  // add(product, quantity): what a scan does; its answer is the note.
  function scanner(field, add) {
    const input = field.querySelector("input");
    const note = field.querySelector("[role=status]");
    const choices = field.querySelector("ul");
    let before = Promise.resolve();
    field.hidden = false;
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const typed = input.value.trim();
      input.value = "";
      if (typed) before = before.then(() => enter(typed));
    });

    async function enter(typed) {
      const parts = TIMES.exec(typed);
      const [quantity, text] = parts ? [Number(parts[1].replace(",", ".")), parts[2].trim()] : [1, typed];
      choices.hidden = true;
      try {
        const products = await lookUp(text);
        if (products.length === 1) note.textContent = await add(products[0], quantity);
        else offer(products, quantity, text);
        note.classList.toggle("error", !products.length);
      } catch {
        note.textContent = words.failed({ text });
        note.classList.add("error");
      }
    }

    async function lookUp(text) {
      const address = new URL(field.dataset.products, location.href);
      address.searchParams.set("q", text);
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      return (await answer.json()).products;
    }

    function offer(products, quantity, text) {
      note.textContent = products.length ? words.several({ text }) : words.unknown({ text });
      choices.hidden = !products.length;
      choices.replaceChildren(...products.map((product) => {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "btn small" });
        button.textContent = product.name === product.code ? product.code : `${product.name} (${product.code})`;
        button.addEventListener("click", async () => {
          choices.hidden = true;
          note.textContent = await add(product, quantity);
          input.focus();
        });
        const item = document.createElement("li");
        item.append(button);
        return item;
      }));
    }

    input.focus();
  }

  globalThis.stock = { scanner };
})();
