// The receipt of a sale, on the page and on paper.
(() => {
  "use strict";

  const { decimal, element, money, shownTime, storeName } = globalThis.sell;
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

  // On paper a line shows its amount with tax, where it has one.
  function table(payload, place) {
    const shown = (value) => decimal.shown(value, place.digits);
    const head = element("tr", {}, ...[words.product, words.quantity, words.price, words.amount].map((text, at) => element("th", { scope: "col", class: at ? "num" : "", text })));
    const body = payload.lines.map((line) => element("tr", {},
      element("th", { scope: "row", text: line.product_name ?? line.product_id }),
      element("td", { class: "num", text: decimal.shown(decimal.parse(line.quantity), 0) }),
      element("td", { class: "num", text: shown(decimal.round(decimal.parse(line.unit_price), place.digits)) }),
      element("td", { class: "num", text: shown(decimal.parse(line.net_amount)) })));
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
    part.querySelector("[data-part=paper]").replaceChildren(element("h2", { text: title }), facts(record, place, name), table(record.payload, place), sums(record.payload, place));
    part.hidden = false;
  }

  globalThis.sell.receipt = { draw, total: (payload) => total(payload.lines, "gross_amount") };
})();
