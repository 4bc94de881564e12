// What keeps a sale from being complete. The server has the same limits, and the form those of `context.json`.
(() => {
  "use strict";

  const { basket: rules, decimal } = globalThis.sell;
  const words = texts.sell;
  const MARGIN = 100; // bytes of the number that a sale gets when it is kept

  // A rate of tax as typed: what is wrong with it, or empty.
  function tax(typed) {
    const rate = decimal.typed(typed);
    return typed.trim() && (rate === null || rate < 0n) ? words.wrongTax : "";
  }

  // The time of a sale: what is wrong with it, or empty.
  function time(soldAt, limits) {
    const seconds = (new Date(soldAt).getTime() - Date.now()) / 1000;
    if (seconds > limits.ahead_seconds) return words.inFuture;
    return seconds < -limits.age_seconds ? words.tooOld : "";
  }

  // The message of a sale: what is wrong with its size, or empty.
  function size(message, limits) {
    const bytes = new Blob([JSON.stringify(message)]).size + MARGIN;
    return message.lines.length > limits.lines || bytes > limits.bytes ? words.tooLarge : "";
  }

  // What keeps the sale of a form from being complete; empty if nothing does.
  function ofForm({ basket, fields, own, soldAt, typed }) {
    const number = fields.number.value.trim();
    if (typed) return words.notAdded({ text: typed });
    if (!basket.lines.length) return words.noLines;
    if (basket.lines.some((line) => rules.mistakes(line).length)) return words.wrongLines;
    if (tax(fields.tax.value) || time(soldAt, own.limits)) return words.wrongLines;
    if (basket.taken && number === basket.taken) return words.otherNumber({ number: basket.taken });
    if (fields.salesperson.value) return "";
    return own.salesperson ? words.retired : words.chooseSalesperson;
  }

  globalThis.sell.mistakes = { ofForm, size, tax, time };
})();
