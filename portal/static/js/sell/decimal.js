// Exact decimals: whole numbers of billionths (BigInt), as the ledger keeps amounts. Nothing here is a float.
globalThis.sell = {};
(() => {
  "use strict";

  const ONE = 10n ** 9n;
  const HUNDRED = 100n * ONE;
  const CANONICAL = /^-?[0-9]{1,20}(\.[0-9]{1,9})?$/;
  const locale = document.documentElement.dataset.locale || undefined;
  const usesComma = new Intl.NumberFormat(locale).format(1.5).includes(",");

  const size = (value) => (value < 0n ? -value : value);

  // value ÷ by, rounded half away from zero.
  function ratio(value, by) {
    const rounded = (2n * size(value) + size(by)) / (2n * size(by));
    return (value < 0n) === (by < 0n) ? rounded : -rounded;
  }

  // Decimal of a canonical text such as -12.5; null for anything else.
  function parse(text) {
    if (!CANONICAL.test(text)) return null;
    const [whole, fraction = ""] = text.replace("-", "").split(".");
    const value = BigInt(whole) * ONE + BigInt(fraction.padEnd(9, "0"));
    return text.startsWith("-") ? -value : value;
  }

  const plain = (text) => text.trim().replace("−", "-");

  // Whether a text can be read as two numbers: 1,234 where the point is the decimal separator, 1.234 where the comma is.
  const isAmbiguous = (text) => (usesComma ? /^-?[0-9]+\.[0-9]{3}$/ : /^-?[0-9]+,[0-9]{3}$/).test(plain(text));

  // Decimal of what a person typed, with a decimal point or comma; null if it is no number, or if it could be two.
  const typed = (text) => (isAmbiguous(text) ? null : parse(plain(text).replace(",", ".")));

  // Canonical text without zeros at the end.
  function text(value) {
    const digits = size(value).toString().padStart(10, "0");
    const fraction = digits.slice(-9).replace(/0+$/, "");
    return `${value < 0n ? "-" : ""}${digits.slice(0, -9)}${fraction && "."}${fraction}`;
  }

  // For readers, in their locale, with at least this many decimal digits.
  function shown(value, digits) {
    const written = text(value);
    const places = Math.max(digits, (written.split(".")[1] ?? "").length);
    return new Intl.NumberFormat(locale, { minimumFractionDigits: places, maximumFractionDigits: places }).format(written);
  }

  // Canonical text with at least this many decimal digits.
  function padded(value, digits) {
    const [whole, fraction = ""] = text(value).split(".");
    return fraction || digits ? `${whole}.${fraction.padEnd(digits, "0")}` : whole;
  }

  // For a field: as the person would type it.
  const entered = (value, digits = 0) => (usesComma ? padded(value, digits).replace(".", ",") : padded(value, digits));

  const times = (one, other) => ratio(one * other, ONE);
  const over = (one, other) => ratio(one * ONE, other);
  const percent = (value, rate) => ratio(value * rate, HUNDRED);
  const round = (value, digits) => ratio(value, 10n ** BigInt(9 - digits)) * 10n ** BigInt(9 - digits);
  const sum = (values) => values.reduce((total, value) => total + value, 0n);

  Object.assign(globalThis.sell, { decimal: { ONE, HUNDRED, parse, typed, isAmbiguous, text, shown, entered, times, over, percent, round, ratio, sum } });
})();
