// Texts of the grid of goals.
(() => {
  "use strict";

  texts.goals = {
    pasted: ({ cells, beyond }) => `${texts.many(cells, "cell")} pasted.${beyond ? ` ${texts.many(beyond, "value does", "values do")} not fit into the grid.` : ""}`,
    filled: ({ cells }) => (cells ? `${texts.many(cells, "cell")} filled.` : "No empty cell has sales of the year before."),
    undone: "Undone.",
  };
})();
