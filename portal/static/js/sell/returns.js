// Returns of earlier sales: what is left of each line, as the server and this device have it.
(() => {
  "use strict";

  const { database, decimal, placeOf } = globalThis.sell;
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

  // What these returns return in all, by product. returns: maps of product → quantity.
  function total(returns) {
    const sum = {};
    for (const [product, quantity] of returns.flatMap(Object.entries)) sum[product] = text(parse(sum[product] ?? "0") + parse(quantity));
    return sum;
  }

  // What a return of this device returns, by product.
  const quantities = ({ payload }) => total(payload.lines.map((line) => ({ [productOf(line)]: text(-parse(line.quantity)) })));

  class Returns {
    constructor(form) { Object.assign(this, { form, error: form.part("earlier-error"), input: form.part("earlier").elements.number }); }

    // own: the sales of this device that the answer may lack: all but those that were sent before the question. They are
    // read after the answer, so that a return completed meanwhile is among them.
    async ask(number) {
      const { region, store_id: store } = this.form.place;
      const sent = (await database.all(this.form.own.login)).filter(({ state }) => state === "sent").map(({ order }) => order);
      const answer = await fetch(`${this.form.root.dataset.earlier}?${new URLSearchParams({ region, store, number })}`, { headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
      const body = await answer?.json().catch(() => null);
      const returns = (answer?.ok && body?.returns) || null;
      const own = (await database.all(this.form.own.login)).filter(({ order }) => !returns || !sent.includes(order));
      return { own, answer, body, returns };
    }

    // A return of a sale of this device, which needs no server.
    async of(record) {
      await this.form.go(record);
      const { number, lines } = record.payload;
      const { own, returns } = await this.ask(number);
      this.start(`${this.form.place.sale_prefix}${number}`, lines, own, returns);
    }

    async find(number) {
      if (!number) return;
      if (this.form.basket.kind === "return" && !this.form.replaces) this.form.clear();
      const { own, answer, body, returns } = await this.ask(number);
      if (answer?.ok) this.start(body.sale_id, body.lines, own, returns);
      else this.fail(answer ? body?.detail ?? words.notFound : words.needsServer);
    }

    isReturnOf({ payload }, saleId) {
      return payload.region === this.form.place.region && payload.status === "returned" && payload.returns_sale_id === saleId;
    }

    saleIdOf(record) {
      return `${placeOf(record, this.form.own.places).sale_prefix}${record.payload.number}`;
    }

    fail(text) {
      this.error.textContent = text;
      this.input.focus();
    }

    // returns: sale ID of each return → what it returns, as the server has it; null without the server. own: see `ask`.
    start(saleId, lines, own, returns) {
      const added = own.filter((record) => ["unsent", "sent"].includes(record.state) && this.isReturnOf(record, saleId) && !Object.hasOwn(returns ?? {}, this.saleIdOf(record)));
      const left = remaining(lines, total([...Object.values(returns ?? {}), ...added.map(quantities)]));
      this.error.textContent = "";
      if (left.length) this.form.startReturn(saleId, left);
      else this.fail(words.allReturned({ sale: saleId }));
    }
  }

  Object.assign(globalThis.sell, { remaining, Returns });
})();
