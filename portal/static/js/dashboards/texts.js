// Texts of the dashboards of people.
(() => {
  "use strict";

  texts.dashboards = {
    moved: ({ title, place, count }) => `${title}: place ${texts.number(place)} of ${texts.number(count)}.`,
    sized: ({ title, width }) => `${title}: ${{ third: "a third of the page", half: "half of the page", full: "the whole page" }[width]}.`,
    failed: "The arrangement could not be saved. Reload the page and try again.",
  };
})();
