// The receipt of a sale, on the page and on paper.
(() => {
  "use strict";

  const { basket: rules, decimal, element, money, shownTime, storeName } = globalThis.sell;
  const words = texts.sell.receipt;
  const total = (lines, name) => decimal.sum(lines.map((line) => decimal.parse(line[name] ?? "0")));

  function facts(record, place, name) {
    const { payload } = record;
    const rows = [
      [words.number, payload.number],
      [words.date, shownTime(payload.sold_at)],
      [words.store, storeName(place)],
      [words.salesperson, name(payload.salesperson_id)],
      [words.customer, payload.customer_name ?? payload.customer_id],
      [words.returns, payload.returns_sale_id],
    ];
    return element("dl", {}, ...rows.filter(([, value]) => value).flatMap(([label, value]) => [element("dt", { text: label }), element("dd", { text: value })]));
  }

  // A line as its price was entered: with tax if the prices include it. Amounts add up to the sums below.
  function line(entered, { digits }, tax, sign) {
    const one = rules.amounts(entered, digits, tax);
    const price = decimal.parse(entered.price);
    const amount = tax.included && !entered.of ? one.gross : one.net;
    const whole = decimal.round(decimal.times(one.quantity, price), digits);
    const shown = (value) => decimal.shown(sign * value, digits);
    const cells = [decimal.shown(sign * one.quantity, 0), decimal.shown(price, digits), shown(whole)];
    const row = element("tr", {}, element("th", { scope: "row", text: entered.product_name || entered.product_id }), ...cells.map((text) => element("td", { class: "num", text })));
    if (whole === amount) return [row];
    const rate = entered.discount.trim().endsWith("%") ? entered.discount.trim() : "";
    const label = [entered.promotion || words.discount, rate].filter(Boolean).join(" ");
    return [row, element("tr", { class: "quiet" }, element("th", { scope: "row", colspan: "3", text: label }), element("td", { class: "num", text: shown(amount - whole) }))];
  }

  function table({ form }, place) {
    const sign = form.basket.kind === "return" ? -1n : 1n;
    const head = element("tr", {}, ...[words.product, words.quantity, words.price, words.amount].map((text, at) => element("th", { scope: "col", class: at ? "num" : "", text })));
    const body = form.basket.lines.flatMap((entered) => line(entered, place, form.tax, sign));
    return element("table", { class: "figures" }, element("thead", {}, head), element("tbody", {}, ...body));
  }

  function sums(payload, place) {
    const rows = [[words.net, total(payload.lines, "net_amount")]];
    if (payload.lines.some((line) => line.tax)) rows.push([words.tax, total(payload.lines, "tax")]);
    rows.push([words.total, total(payload.lines, "gross_amount")]);
    return element("dl", { class: "sums" }, ...rows.flatMap(([label, value]) => [element("dt", { text: label }), element("dd", { class: "num", text: money(value, place) })]));
  }

  function draw(part, record, place, name) {
    const title = record.payload.status === "returned" ? words.return : words.sale;
    part.querySelector("[data-part=paper]").replaceChildren(element("h2", { text: title }), facts(record, place, name), table(record, place), sums(record.payload, place));
    part.hidden = false;
  }

  globalThis.sell.receipt = { draw, total: (payload) => total(payload.lines, "gross_amount") };
})();
