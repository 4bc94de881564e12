// Texts of the scripts that many pages have. Each area adds its own (ADR 092): a text with values is a function of
// them and gives the whole text.
(() => {
  "use strict";

  const number = (value) => value.toLocaleString(document.documentElement.dataset.locale || undefined);
  const many = (count, one, several = `${one}s`) => `${number(count)} ${count === 1 ? one : several}`;

  globalThis.texts = {
    number,
    many,
    copied: "Copied",
    find: "Find",
    findIn: ({ label }) => `Find in ${label.toLowerCase()}`,
  };
})();
