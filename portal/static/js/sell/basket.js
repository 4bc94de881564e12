// The sale that is being entered: its lines, their amounts, and the message that it becomes. No page, no network.
(() => {
  "use strict";

  const { decimal } = globalThis.sell;
  const { HUNDRED, parse, percent, ratio, round, sum, text, times } = decimal;

  const empty = () => ({ kind: "sale", lines: [], number: "", version: 0, returns: "", status: "", sold_at: "" });

  // The sale has a line once; its second scan raises the quantity. A line whose price or discount was changed is apart.
  // promotion: {name, rate} that the discount of the line begins with, or null.
  function addProduct(basket, product, price, quantity = "1", promotion = null) {
    const discount = promotion ? `${promotion.rate}%` : "";
    const same = basket.lines.find((line) => line.product_id === product.code && line.price === price && line.discount === discount);
    if (same && parse(same.quantity) !== null) same.quantity = text(parse(same.quantity) + parse(quantity));
    else basket.lines.push({ product_id: product.code, product_name: product.name, category: product.category, quantity, price, discount, promotion: promotion?.name ?? "" });
    return same ?? basket.lines[basket.lines.length - 1];
  }

  // Gives lines whose price or discount nobody changed those of another day; how many changed. offer(code): product,
  // price and promotion of that day, or null.
  function reprice(basket, offer) {
    let changed = 0;
    for (const line of basket.lines.filter((one) => !one.of)) {
      const now = offer(line.product_id);
      if (!now) continue;
      const before = `${line.price}|${line.discount}`;
      if (!line.price_by_hand && now.price) line.price = now.price;
      if (!line.discount_by_hand) Object.assign(line, { discount: now.promotion ? `${now.promotion.rate}%` : "", promotion: now.promotion?.name ?? "" });
      if (before !== `${line.price}|${line.discount}`) changed += 1;
    }
    return changed;
  }

  // A discount as typed: an amount, or a rate such as 10%. Null if it is neither.
  function discountOf(typed, total) {
    const plain = typed.trim();
    if (!plain) return 0n;
    const value = decimal.typed(plain.replace(/\s*%$/, ""));
    if (value === null || value < 0n) return null;
    return plain.endsWith("%") ? percent(total, value) : value;
  }

  // Limits of a sale that the server states; none until the page has them.
  const limits = {};

  // A field as a number; null if what was typed is none.
  const read = (line, name) => (line.unread?.[name] ? null : parse(line[name]));
  const unread = (typed) => (decimal.isAmbiguous(typed) ? "ambiguous" : "number");

  function quantityMistake(line, quantity) {
    if (quantity === null) return unread(line.quantity);
    if (quantity <= 0n) return "positive";
    if (line.of && quantity > parse(line.of.left)) return "left";
    return limits.quantity && quantity >= parse(limits.quantity) ? "large" : "";
  }

  function priceMistake(line, price, quantity) {
    if (price === null) return unread(line.price);
    if (price < 0n) return "negative";
    const isTooLong = limits.amount && quantity !== null && !new RegExp(limits.amount).test(text(times(quantity, price)));
    return isTooLong ? "large" : "";
  }

  function discountMistake({ discount }, total) {
    const off = discountOf(discount, total);
    if (off === null) return /^[-−]/.test(discount.trim()) ? "negative" : unread(discount.replace(/\s*%\s*$/, ""));
    return off > total ? "large" : "";
  }

  // What is wrong with a line: fields, each with the reason.
  function mistakes(line) {
    const quantity = read(line, "quantity");
    const price = read(line, "price");
    const reasons = { quantity: quantityMistake(line, quantity), price: priceMistake(line, price, quantity) };
    if (!reasons.quantity && !reasons.price && !line.of) reasons.discount = discountMistake(line, times(quantity, price));
    return Object.entries(reasons).filter(([, reason]) => reason).map(([field, reason]) => ({ field, reason }));
  }

  // The part of a returned line's amount that goes back.
  const share = (amount, quantity, whole, digits) => round(ratio(amount * quantity, whole), digits);

  function returned(line, digits) {
    const quantity = parse(line.quantity);
    const whole = parse(line.of.quantity);
    const price = parse(line.price);
    const net = share(parse(line.of.net_amount), quantity, whole, digits);
    const tax = line.of.tax ? share(parse(line.of.tax), quantity, whole, digits) : null;
    const off = times(quantity, price) - net;
    return { quantity, unit_price: price, discount: off, net, tax, gross: net + (tax ?? 0n), off };
  }

  // Amounts of a line without mistakes. tax: {rate as text or empty, included: whether prices include it}.
  function amounts(line, digits, tax) {
    if (line.of) return returned(line, digits);
    const quantity = parse(line.quantity);
    const price = parse(line.price);
    const total = round(times(quantity, price), digits);
    const off = round(discountOf(line.discount, total), digits);
    const after = total - off;
    const rate = tax.rate ? parse(tax.rate) : null;
    if (rate === null) return { quantity, unit_price: price, discount: off, net: after, tax: null, gross: after, off };
    if (!tax.included) {
      const added = round(percent(after, rate), digits);
      return { quantity, unit_price: price, discount: off, net: after, tax: added, gross: after + added, off };
    }
    const without = (value) => ratio(value * HUNDRED, HUNDRED + rate);
    const net = round(without(after), digits);
    return { quantity, unit_price: without(price), discount: without(off), net, tax: after - net, gross: after, off };
  }

  function totals(basket, digits, tax) {
    const each = basket.lines.filter((line) => !mistakes(line).length).map((line) => amounts(line, digits, tax));
    const sign = basket.kind === "return" ? -1n : 1n;
    const add = (name) => sign * sum(each.map((one) => one[name] ?? 0n));
    return { off: add("off"), net: add("net"), tax: add("tax"), gross: add("gross"), has_tax: each.some((one) => one.tax !== null) };
  }

  // One line of the message; a return has negative amounts.
  function lineOf(line, digits, tax, sign) {
    const one = amounts(line, digits, tax);
    const message = { product_id: line.product_id };
    if (line.product_name && line.product_name !== line.product_id) message.product_name = line.product_name;
    if (line.category) message.category = line.category;
    Object.assign(message, { quantity: text(sign * one.quantity), unit_price: text(one.unit_price) });
    if (one.discount) message.discount = text(sign * one.discount);
    if (one.tax !== null) message.tax = text(sign * one.tax);
    return Object.assign(message, { net_amount: text(sign * one.net), gross_amount: text(sign * one.gross) });
  }

  // The store sale (store-sale/1) of a basket without mistakes.
  function message(basket, { place, salesperson, tax, customer, soldAt }) {
    const sign = basket.kind === "return" ? -1n : 1n;
    const sale = { schema: "store-sale/1", region: place.region, store_id: place.store_id, number: basket.number, source: "form", sold_at: soldAt, currency: place.currency };
    if (basket.version) sale.version = basket.version;
    if (basket.kind === "return") Object.assign(sale, { status: "returned" }, basket.returns ? { returns_sale_id: basket.returns } : {});
    if (salesperson) sale.salesperson_id = salesperson;
    if (customer.id) sale.customer_id = customer.id;
    if (customer.name) sale.customer_name = customer.name;
    return { ...sale, lines: basket.lines.map((line, at) => ({ ...(place.numbered ? { line: String(at + 1) } : {}), ...lineOf(line, place.digits, tax, sign) })) };
  }

  globalThis.sell.basket = { limits, empty, addProduct, reprice, mistakes, amounts, totals, message };
})();
