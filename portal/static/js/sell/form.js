// The form: what is typed becomes a sale in the outbox. The sale that is being entered stays over a reload of the tab.
(() => {
  "use strict";

  const { basket: rules, database, decimal, element, money, dayOf, instant, mistakes, placeKey, placeOf, placeOptions, receipt, shownTime, Products, Returns, Search, Lines } = globalThis.sell;
  const words = texts.sell;

  class Form extends EventTarget {
    constructor(root, own, outbox) {
      super();
      Object.assign(this, { root, own, outbox, basket: rules.empty(), replaces: null, products: null });
      this.form = this.part("form");
      this.fields = this.form.elements;
      this.draft = `sell-draft|${own.login}`;
      this.lines = new Lines(this.part("lines"), { changed: () => this.changed(), remove: (line) => { this.basket.lines.splice(this.basket.lines.indexOf(line), 1); this.draw(); } });
      this.actions = { print: (record) => this.show(record), correct: (record) => this.correct(record), cancel: (record) => this.cancel(record), return: (record) => this.returns.of(record), discard: (record) => this.discard(record) };
      this.search = new Search(root.querySelector("#sell-product"), root.querySelector("#sell-options"), this.part("note"), {
        find: (text) => this.products.find(text),
        search: (text) => this.products.search(text),
        retired: (text) => this.products.retired[text],
        price: (product) => { const price = Products.price(product, this.day); return price && money(decimal.parse(price), this.place); },
        add: (product, quantity) => this.add(product, quantity),
      });
      this.returns = new Returns(this);
      this.listen();
    }

    part(name) { return this.root.querySelector(`[data-part=${name}]`); }

    get place() { return this.own.places[Number(this.fields.place.value) || 0]; }

    get day() { return (this.fields.time.value || this.basket.sold_at).slice(0, 10) || dayOf(new Date()); }

    // The time that is entered, that of the sale that is corrected, or now.
    get soldAt() { return this.fields.time.value ? instant(new Date(this.fields.time.value)) : this.basket.sold_at || instant(new Date()); }

    // Text in the product field, of which no product is in the sale yet.
    get typed() { return this.basket.kind === "return" ? "" : this.search.input.value.trim(); }

    get tax() { const rate = decimal.typed(this.fields.tax.value); return { rate: rate === null ? "" : decimal.text(rate), included: this.fields.included.checked }; }

    listen() {
      this.form.addEventListener("submit", (event) => { event.preventDefault(); this.complete(); });
      this.form.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.complete(); } });
      this.part("more").addEventListener("input", () => this.changed());
      this.fields.place.addEventListener("change", () => this.choosePlace());
      this.fields.time.addEventListener("change", () => this.reprice());
      this.part("clear").addEventListener("click", () => { this.search.empty(); this.clear(); });
      this.part("print").addEventListener("click", () => print());
      this.part("close").addEventListener("click", () => { this.part("receipt").hidden = true; this.focus(); });
      this.part("earlier").addEventListener("submit", (event) => { event.preventDefault(); this.returns.find(event.target.elements.number.value.trim()); });
    }

    async start() {
      const draft = sessionStorage.getItem(this.draft);
      this.fields.place.replaceChildren(...placeOptions(this.own.places));
      const before = localStorage.getItem(`${this.draft}|place`);
      this.fields.place.value = String(Math.max(this.own.places.findIndex((place) => placeKey(place) === before), 0));
      this.part("place-field").hidden = this.own.places.length === 1;
      await this.choosePlace();
      this.restore(draft);
      this.form.hidden = false;
      this.part("earlier").hidden = false;
      this.focus();
    }

    async choosePlace() {
      const { region, store_id: store } = this.place;
      localStorage.setItem(`${this.draft}|place`, placeKey(this.place));
      const people = this.own.salespeople[region] ?? [];
      const before = this.own.salesperson ?? localStorage.getItem(`${this.draft}|who`) ?? "";
      const options = people.map(({ id, name }) => element("option", { value: id, text: name ? `${name} (${id})` : id }));
      this.fields.salesperson.replaceChildren(...(this.own.salesperson === null ? [element("option", { value: "", text: "–" })] : []), ...options);
      this.fields.salesperson.value = people.some((one) => one.id === before) ? before : this.own.salesperson ?? "";
      const tax = JSON.parse(localStorage.getItem(`sell-tax|${region}/${store}`) ?? "{}");
      this.fields.tax.value = tax.rate ?? "";
      this.fields.included.checked = tax.included ?? false;
      this.products = new Products(this.own.login, this.root.dataset.products, this.place);
      await this.products.load();
      this.part("products").textContent = this.products.at ? words.products({ count: this.products.list.length, at: shownTime(this.products.at) }) : words.noProducts;
      this.draw();
      this.dispatchEvent(new Event("place"));
    }

    focus() { this.root.querySelector("#sell-product").focus(); }

    add(product, quantity) {
      const line = rules.addProduct(this.basket, product, Products.price(product, this.day), quantity, this.products.promotion(product, this.day));
      this.draw();
      this.part("note").textContent = words.added({ name: line.product_name || line.product_id, quantity: line.quantity });
      if (line.price) this.focus(); else this.lines.focus(line, "price");
      this.products.renew();
    }

    // Prices and promotions follow the day of the sale.
    reprice() {
      const count = rules.reprice(this.basket, (code) => this.products.offer(code, this.day));
      if (!count) return;
      this.draw();
      this.part("note").textContent = words.repriced({ count });
    }

    // Keeps the sale that is being entered for a reload of this tab.
    changed() {
      const fields = Object.fromEntries(["number", "customer_name", "customer_id", "time"].map((name) => [name, this.fields[name].value]));
      sessionStorage.setItem(this.draft, JSON.stringify({ basket: this.basket, fields, replaces: this.replaces }));
      this.lines.check(this.basket, this.place, this.tax);
      this.explain("tax", mistakes.tax(this.fields.tax.value));
      this.explain("time", this.basket.lines.length || this.fields.time.value ? mistakes.time(this.soldAt, this.own.limits) : "");
      this.sums();
    }

    // Marks a field below the lines, with the reason.
    explain(name, reason) {
      this.part(`${name}-mistake`).textContent = reason;
      this.fields[name].setAttribute("aria-invalid", String(Boolean(reason)));
      if (reason) this.part("more").open = true;
    }

    restore(draft) {
      const { basket, fields, replaces } = JSON.parse(draft ?? "{}");
      if (basket) this.fill(basket, fields, replaces);
    }

    fill(basket, fields = {}, replaces = null) {
      Object.assign(this, { basket, replaces });
      for (const [name, value] of Object.entries(fields)) this.fields[name].value = value;
      this.draw();
    }

    draw() {
      const { kind, number, returns } = this.basket;
      const isReturn = kind === "return";
      this.part("mode").textContent = this.replaces ? words.modes.correction({ number }) : isReturn ? words.modes.return({ sale: returns }) : words.modes.sale;
      const mode = this.replaces ? "correction" : kind;
      for (const button of ["complete", "clear"]) this.part(button).textContent = words[button][mode];
      this.part("search").hidden = isReturn;
      this.fields.number.readOnly = this.replaces !== null && this.replaces.state !== "refused" && !this.basket.taken;
      this.lines.draw(this.basket, this.place);
      this.part("error").textContent = "";
      this.changed();
    }

    sums() {
      const totals = rules.totals(this.basket, this.place.digits, this.tax);
      const label = words.receipt;
      const rows = [...(totals.off ? [[label.discount, -totals.off]] : []), ...(totals.has_tax ? [[label.net, totals.net], [label.tax, totals.tax]] : []), [label.total, totals.gross]];
      this.part("sums").replaceChildren(...rows.flatMap(([name, value]) => [element("dt", { text: name }), element("dd", { text: money(value, this.place) })]));
    }

    async complete() {
      const mistake = mistakes.ofForm(this);
      this.part("error").textContent = mistake;
      if (this.typed || !this.basket.lines.length) this.focus();
      if (mistake === words.wrongLines) this.form.querySelector("[aria-invalid=true]").focus();
      if (mistake || this.busy) return;
      const { place, tax, soldAt } = this;
      const who = this.fields.salesperson.value;
      const customer = { id: this.fields.customer_id.value.trim(), name: this.fields.customer_name.value.trim() };
      const number = this.fields.number.readOnly ? this.basket.number : this.fields.number.value.trim();
      const sale = rules.message({ ...this.basket, number }, { place, salesperson: who, tax, customer, soldAt });
      const tooLarge = mistakes.size(sale, this.own.limits);
      this.part("error").textContent = tooLarge;
      if (tooLarge) return;
      this.busy = true;
      const kept = { basket: this.basket, tax, customer };
      try {
        const record = await this.outbox.add(sale, kept, this.replaces);
        localStorage.setItem(`${this.draft}|who`, who);
        localStorage.setItem(`sell-tax|${place.region}/${place.store_id}`, JSON.stringify({ rate: this.fields.tax.value, included: tax.included }));
        this.clear();
        this.show(record);
      } catch (error) {
        this.part("error").textContent = error?.name === "ConstraintError" ? words.numberTaken({ number }) : words.notKept;
      } finally {
        this.busy = false;
      }
    }

    clear() {
      for (const name of ["number", "customer_name", "customer_id", "time"]) this.fields[name].value = "";
      this.part("note").textContent = "";
      this.fill(rules.empty());
      sessionStorage.removeItem(this.draft);
      this.focus();
    }

    show(record) {
      const people = this.own.salespeople[record.payload.region] ?? [];
      const place = placeOf(record, this.own.places);
      receipt.draw(this.part("receipt"), record, place, (id) => people.find((one) => one.id === id)?.name || id);
      this.part("done").textContent = words.saved({ number: record.payload.number, total: money(receipt.total(record.payload), place) });
    }

    async correct(record) {
      await this.go(record);
      const { payload, form } = record;
      const taken = database.isTaken(record) ? payload.number : "";
      const kept = record.state === "refused" ? payload.version ?? 0 : Math.max(payload.version ?? 1, 1) + 1;
      const basket = { ...structuredClone(form.basket), number: payload.number, version: taken ? 0 : kept, taken, sold_at: payload.sold_at };
      this.fields.tax.value = form.tax.rate && decimal.entered(decimal.parse(form.tax.rate));
      this.fields.included.checked = form.tax.included;
      this.fields.salesperson.value = payload.salesperson_id ?? "";
      this.fill(basket, { number: payload.number, customer_name: form.customer.name, customer_id: form.customer.id, time: "" }, record);
      this.form.scrollIntoView();
      this.focus();
    }

    // Changes to the store of a record.
    async go(record) {
      const at = this.own.places.indexOf(placeOf(record, this.own.places));
      if (at < 0 || this.fields.place.value === String(at)) return;
      this.fields.place.value = String(at);
      await this.choosePlace();
    }

    async cancel(record) {
      const { payload, form } = record;
      if (!confirm(words.reallyCancel({ number: payload.number }))) return;
      const version = Math.max(payload.version ?? 1, 1) + 1;
      await this.outbox.add({ ...payload, version, status: "cancelled" }, form, record);
    }

    discard(record) {
      if (confirm(words.reallyDiscard({ number: record.payload.number }))) this.outbox.discard(record.order);
    }

    startReturn(saleId, lines) {
      const priceOf = (line) => line.unit_price ?? decimal.text(decimal.over(decimal.parse(line.net_amount), decimal.parse(line.quantity)));
      const returned = lines.map((line) => ({ product_id: line.product_id ?? "", product_name: line.product_name ?? "", category: line.category ?? "", quantity: line.left, price: priceOf(line), discount: "", of: line }));
      this.search.empty();
      this.clear();
      this.fill({ ...rules.empty(), kind: "return", returns: saleId, lines: returned });
      this.form.scrollIntoView();
      this.lines.focus(returned[0], "quantity");
    }
  }

  globalThis.sell.Form = Form;
})();
