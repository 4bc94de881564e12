// The product field: a scanner or a keyboard types a code and Enter; a person may choose from the list.
(() => {
  "use strict";

  const { decimal, element } = globalThis.sell;
  const words = texts.sell;
  const TIMES = /^([0-9]+(?:[.,][0-9]+)?)\s*[*×]\s*(\S.*)$/;

  // on: find(text), search(text), retired(text), add(product, quantity), price(product).
  class Search {
    constructor(input, list, note, on) {
      Object.assign(this, { input, list, note, on, shown: [], at: -1 });
      input.addEventListener("input", () => this.draw());
      input.addEventListener("keydown", (event) => this.key(event));
      // A scan may follow at once; its options stay.
      input.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== input) this.close(); }, 200));
      list.addEventListener("mousedown", (event) => event.preventDefault());
      list.addEventListener("click", (event) => {
        const option = event.target.closest("[role=option]");
        if (option) this.choose(this.shown[Number(option.dataset.at)]);
      });
    }

    // 3*4711 is three of the code 4711.
    get wanted() {
      const parts = TIMES.exec(this.input.value.trim());
      const quantity = parts && decimal.typed(parts[1]);
      return quantity ? { quantity: decimal.text(quantity), text: parts[2].trim() } : { quantity: "1", text: this.input.value.trim() };
    }

    key(event) {
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        this.enter();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!this.shown.length) return;
        event.preventDefault();
        this.move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Escape" && !this.list.hidden) {
        event.preventDefault();
        this.close();
      }
    }

    enter() {
      const { text } = this.wanted;
      if (!text) return;
      const exact = this.on.find(text);
      if (this.at >= 0) this.choose(this.shown[this.at]);
      else if (exact) this.choose(exact);
      else if (this.shown.filter((one) => !one.unlisted).length === 1) this.choose(this.shown[0]);
      else {
        const retired = this.on.retired(text);
        const note = retired ? words.retiredProduct({ text, name: retired }) : words.noMatch({ text });
        this.note.textContent = this.shown.length > 1 && !retired ? "" : note;
        this.move(1);
        this.input.select(); // the next scan replaces the code; Enter adds it
      }
    }

    choose(product) {
      const { quantity } = this.wanted;
      this.empty();
      this.on.add(product, quantity);
    }

    empty() {
      this.input.value = "";
      this.note.textContent = "";
      this.close();
    }

    draw() {
      const { text } = this.wanted;
      this.shown = text ? this.on.search(text) : [];
      if (text && !this.on.find(text)) this.shown.push({ code: text, name: text, category: "", barcodes: [], prices: [], unlisted: true });
      this.at = -1;
      this.input.removeAttribute("aria-activedescendant");
      this.list.replaceChildren(...this.shown.map((product, at) => this.option(product, at)));
      this.open(this.shown.length > 0);
    }

    option(product, at) {
      const label = product.unlisted ? [words.addCode({ text: product.code })] : [element("span", { class: "name", text: product.name }), element("span", { class: "quiet", text: product.code }), element("span", { class: "num", text: [this.on.price(product), this.mark(product)].filter(Boolean).join(" ") })];
      return element("li", { role: "option", id: `sell-option-${at}`, "aria-selected": "false", data: { at } }, ...label);
    }

    // Where the catalogue has no price, or not even the product.
    mark(product) {
      if (product.uncatalogued) return words.uncatalogued;
      return product.usual ? words.usual : "";
    }

    move(by) {
      if (!this.shown.length) return;
      this.at = (this.at + by + this.shown.length) % this.shown.length;
      [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.at)));
      this.list.children[this.at].scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", `sell-option-${this.at}`);
      this.open(true);
    }

    open(isOpen) {
      this.list.hidden = !isOpen;
      this.input.setAttribute("aria-expanded", String(isOpen));
    }

    close() {
      this.at = -1;
      this.input.removeAttribute("aria-activedescendant");
      this.open(false);
    }
  }

  globalThis.sell.Search = Search;
})();
