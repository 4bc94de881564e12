// Returns of earlier sales: what is left of each line, as the server and this device have it.
(() => {
  "use strict";

  const { database, decimal } = globalThis.sell;
  const words = texts.sell;
  const { parse, text } = decimal;
  const PATIENCE = 5000;

  const productOf = (line) => line.product_id || line.product_name || "";

  // The lines of which something is left. returned: product → quantity. Lines of one product are used up in order.
  function remaining(lines, returned) {
    const open = new Map(Object.entries(returned).map(([product, quantity]) => [product, parse(quantity)]));
    return lines.map((line) => {
      const whole = parse(line.quantity);
      const before = open.get(productOf(line)) ?? 0n;
      const used = before < whole ? before : whole;
      open.set(productOf(line), before - used);
      return { ...line, left: text(whole - used) };
    }).filter((line) => parse(line.left) > 0n);
  }

  // What the returns of a sale in these states return, by product.
  function quantities(records, region, saleId, states) {
    const total = {};
    for (const { payload } of records.filter((one) => states.includes(one.state) && one.payload.region === region && one.payload.status === "returned" && one.payload.returns_sale_id === saleId)) {
      for (const line of payload.lines) total[productOf(line)] = text(parse(total[productOf(line)] ?? "0") - parse(line.quantity));
    }
    return total;
  }

  function add(one, other) {
    const total = { ...one };
    for (const [product, quantity] of Object.entries(other)) total[product] = text(parse(total[product] ?? "0") + parse(quantity));
    return total;
  }

  class Returns {
    constructor(form) { Object.assign(this, { form, error: form.part("earlier-error"), input: form.part("earlier").elements.number }); }

    async ask(number) {
      const { region, store_id: store } = this.form.place;
      const answer = await fetch(`${this.form.root.dataset.earlier}?${new URLSearchParams({ region, store, number })}`, { headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
      return { answer, body: await answer?.json().catch(() => null) };
    }

    // A return of a sale of this device, which needs no server.
    async of(record) {
      await this.form.go(record);
      const { number, lines } = record.payload;
      const { answer, body } = await this.ask(number);
      await this.start(`${this.form.place.sale_prefix}${number}`, lines, answer?.ok ? body?.returned : null);
    }

    async find(number) {
      if (!number) return;
      if (this.form.basket.kind === "return" && !this.form.replaces) this.form.clear();
      const { answer, body } = await this.ask(number);
      if (answer?.ok) await this.start(body.sale_id, body.lines, body.returned);
      else this.fail(answer ? body?.detail ?? words.notFound : words.needsServer);
    }

    fail(text) {
      this.error.textContent = text;
      this.input.focus();
    }

    // returned: product → quantity as the server has it, to which sales are added that it does not have yet.
    async start(saleId, lines, returned) {
      const { region } = this.form.place;
      const records = await database.all(this.form.own.login);
      const own = quantities(records, region, saleId, returned ? ["unsent"] : ["unsent", "sent"]);
      const left = remaining(lines, add(returned ?? {}, own));
      this.error.textContent = "";
      if (left.length) this.form.startReturn(saleId, left);
      else this.fail(words.allReturned({ sale: saleId }));
    }
  }

  Object.assign(globalThis.sell, { remaining, Returns });
})();
