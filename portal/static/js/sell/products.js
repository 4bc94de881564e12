// The price list of a store: kept on the device, renewed from the server, searched by code, barcode and name.
(() => {
  "use strict";

  const { database } = globalThis.sell;
  const RESULTS = 8;
  const PATIENCE = 20000;
  const RENEW = 15 * 60 * 1000;
  const folded = (text) => text.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

  class Products {
    constructor(login, address, place) {
      Object.assign(this, { key: `products|${login}|${place.region}/${place.store_id}`, address, place, list: [], promotions: [], retired: {}, exact: new Map(), at: 0 });
    }

    async load() {
      this.fill(await database.fact(this.key));
      await this.renew();
    }

    async renew() {
      if (Date.now() - this.at < RENEW) return;
      const query = new URLSearchParams({ region: this.place.region, store: this.place.store_id });
      const answer = await fetch(`${this.address}?${query}`, { headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
      if (!answer?.ok) return;
      const stored = { ...await answer.json(), at: Date.now() };
      await database.keep(this.key, stored);
      this.fill(stored);
    }

    fill(stored) {
      if (!stored) return;
      this.at = stored.at;
      this.list = stored.products.map((product) => ({ ...product, words: folded(`${product.code} ${product.name} ${product.category}`) }));
      this.promotions = stored.promotions ?? [];
      this.retired = stored.retired ?? {};
      this.exact = new Map();
      // A code comes before a barcode of another product.
      for (const product of [...this.list].reverse()) for (const barcode of product.barcodes) this.exact.set(barcode, product);
      for (const product of this.list) this.exact.set(product.code, product);
    }

    // The product of a code or barcode as scanned; in other case only if no second product has it.
    find(text) {
      const code = text.trim();
      if (this.exact.has(code)) return this.exact.get(code);
      const alike = [...this.exact.keys()].filter((key) => key.toLowerCase() === code.toLowerCase());
      return new Set(alike.map((key) => this.exact.get(key))).size === 1 ? this.exact.get(alike[0]) : null;
    }

    search(text) {
      const words = folded(text).split(/\s+/).filter(Boolean);
      if (!words.length) return [];
      const matches = this.list.filter((product) => words.every((word) => product.words.includes(word)));
      const first = (product) => (product.words.startsWith(words[0]) || folded(product.name).startsWith(words[0]) ? 0 : 1);
      return matches.sort((one, other) => first(one) - first(other)).slice(0, RESULTS);
    }

    // The promotion of a product on a day (YYYY-MM-DD) that takes off most; null without one.
    promotion(product, day) {
      const valid = this.promotions.filter((one) => (one.product ? one.product === product.code : one.category === product.category) && one.from <= day && (!one.to || day <= one.to));
      return valid.reduce((best, one) => (best && Number(best.rate) >= Number(one.rate) ? best : one), null);
    }

    // Product, price and promotion of a code on a day; null if the list does not have the code.
    offer(code, day) {
      const product = this.exact.get(code);
      return product ? { product, price: Products.price(product, day), promotion: this.promotion(product, day) } : null;
    }

    // The price on a day (YYYY-MM-DD) as text; empty if there is none.
    static price(product, day) {
      const valid = product.prices.filter(([from]) => from <= day);
      return valid.length ? valid[valid.length - 1][1] : "";
    }
  }

  globalThis.sell.Products = Products;
})();
