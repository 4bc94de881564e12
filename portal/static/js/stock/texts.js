// Texts of the scripts of the stock pages.
(() => {
  "use strict";

  texts.stock = {
    added: ({ name, quantity }) => `${name}: ${quantity}`,
    unknown: ({ text }) => `There is no product “${text}”. Check the code, or search by name.`,
    several: ({ text }) => `Several products match “${text}”. Choose one.`,
    failed: ({ text }) => `“${text}” could not be looked up. Check the connection, then scan it again.`,
    productOf: ({ line }) => `Product of line ${line}`,
    quantityOf: ({ line }) => `Quantity of line ${line}`,
  };
})();
