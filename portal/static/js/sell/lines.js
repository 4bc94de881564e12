// The lines of the sale as a table of fields.
(() => {
  "use strict";

  const { basket: rules, decimal, element, money } = globalThis.sell;
  const words = texts.sell;
  const NAMES = ["quantity", "price", "discount"];
  const LABELS = { quantity: words.quantityOf, price: words.priceOf, discount: words.discountOf };

  class Lines {
    // on: changed(), remove(line).
    constructor(part, on) { Object.assign(this, { part, on, body: part.querySelector("tbody"), rows: new Map(), count: 0 }); }

    draw(basket, { digits }) {
      this.digits = digits;
      this.rows.clear();
      this.body.replaceChildren(...basket.lines.map((line) => this.row(line)));
      this.part.hidden = !basket.lines.length;
    }

    row(line) {
      const name = line.product_name || line.product_id;
      const fields = Object.fromEntries(NAMES.map((field) => [field, this.field(line, field, name)]));
      const remove = element("button", { type: "button", class: "link", "aria-label": words.removeLine({ name }), text: words.remove });
      remove.addEventListener("click", () => this.on.remove(line));
      const amount = element("td", { class: "num", data: { label: words.receipt.amount } });
      const mistakes = Object.fromEntries(NAMES.map((field) => [field, this.mistake(fields[field])]));
      const cells = NAMES.map((field) => element("td", { class: "num", data: { label: this.part.querySelectorAll("th")[NAMES.indexOf(field) + 1].textContent } }, fields[field], mistakes[field]));
      const promotion = element("p", { class: "quiet", text: line.promotion ? words.promotion({ name: line.promotion }) : "" });
      this.rows.set(line, { fields, amount, mistakes, promotion });
      const code = line.product_name && line.product_name !== line.product_id ? [element("span", { class: "quiet", text: ` ${line.product_id}` })] : [];
      return element("tr", {}, element("th", { scope: "row" }, name, ...code, promotion), ...cells, amount, element("td", {}, remove));
    }

    // The reason why a field is wrong, below it.
    mistake(field) {
      const id = `sell-mistake-${(this.count += 1)}`;
      field.setAttribute("aria-describedby", id);
      return element("p", { class: "missing", id });
    }

    field(line, name, product) {
      const number = line.unread?.[name] ? null : decimal.parse(line[name]);
      const value = number === null ? line[name] : decimal.entered(number, name === "price" ? this.digits : 0);
      const input = element("input", { class: `form-control ${name === "quantity" ? "quantity" : "amount"}`, inputmode: "decimal", maxlength: "30", "aria-label": LABELS[name]({ name: product }), value, data: { field: name } });
      input.readOnly = Boolean(line.of) && name !== "quantity";
      input.addEventListener("input", () => {
        const typed = decimal.typed(input.value);
        line[name] = typed === null || name === "discount" ? input.value : decimal.text(typed);
        line.unread = { ...line.unread, [name]: typed === null && name !== "discount" };
        line[`${name}_by_hand`] = true;
        if (name === "discount") { line.promotion = ""; this.rows.get(line).promotion.textContent = ""; }
        this.on.changed();
      });
      input.addEventListener("focus", () => input.select());
      return input;
    }

    // Writes the amounts and marks the fields that are wrong.
    check(basket, place, tax) {
      for (const [line, { fields, amount, mistakes }] of this.rows) {
        const wrong = rules.mistakes(line);
        for (const name of NAMES) {
          const reason = wrong.find((one) => one.field === name)?.reason;
          fields[name].setAttribute("aria-invalid", String(Boolean(reason)));
          mistakes[name].textContent = reason ? words.wrong[name][reason](this.facts(line, fields[name])) : "";
        }
        if (wrong.length) amount.textContent = "";
        else {
          const one = rules.amounts(line, place.digits, tax);
          amount.textContent = money((basket.kind === "return" ? -1n : 1n) * (tax.included ? one.gross : one.net), place);
        }
      }
    }

    facts(line, field) {
      return { typed: field.value.trim(), limit: Number(rules.limits.quantity), sold: line.of?.quantity, left: line.of?.left };
    }

    focus(line, name) { this.rows.get(line)?.fields[name].focus(); }
  }

  globalThis.sell.Lines = Lines;
})();
