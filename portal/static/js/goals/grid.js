// The grid of goals: a block from a spreadsheet is pasted over several cells, empty cells are filled, and both can be undone.
(() => {
  "use strict";

  const form = document.getElementById("goal-form");
  if (!form) return;
  const words = texts.goals;
  const tools = form.querySelector("[data-goal-tools]");
  const said = tools.querySelector("[data-said]");
  const undo = tools.querySelector("[data-undo]");
  const rows = [...form.querySelector("table").tBodies[0].rows].map((row) => [...row.querySelectorAll("input.num")]);
  let last = [];
  tools.hidden = false;
  const now = form.querySelector("th[aria-current]");
  const scroller = form.querySelector(".scroller");
  if (now) scroller.scrollLeft = Math.max(0, now.offsetLeft - scroller.clientWidth / 2);

  function place(input) {
    const row = rows.findIndex((cells) => cells.includes(input));
    return row < 0 ? null : [row, rows[row].indexOf(input)];
  }

  function write(changes, sentence) {
    last = changes.map(([cell]) => [cell, cell.value]);
    for (const [cell, value] of changes) cell.value = value;
    said.textContent = sentence;
    undo.hidden = !changes.length;
    if (changes.length) changes[0][0].dispatchEvent(new Event("input", { bubbles: true }));
  }

  form.addEventListener("paste", (event) => {
    const at = place(event.target);
    const text = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
    if (!at || !/[\t\n]/.test(text)) return;
    event.preventDefault();
    const changes = [];
    let beyond = 0;
    text.split("\n").forEach((line, down) => line.split("\t").forEach((value, right) => {
      const cell = rows[at[0] + down]?.[at[1] + right];
      if (cell) changes.push([cell, value.trim()]);
      else if (value.trim()) beyond += 1;
    }));
    write(changes, words.pasted({ cells: changes.length, beyond }));
  });

  tools.querySelector("[data-fill]").addEventListener("click", () => {
    const factor = 1 + Number(document.getElementById("goal-change").value || 0) / 100;
    const empty = rows.flat().filter((cell) => cell.dataset.before && !cell.value.trim());
    const digits = (text) => (text.split(".")[1] ?? "").length;
    write(empty.map((cell) => [cell, (Number(cell.dataset.before) * factor).toFixed(digits(cell.dataset.before))]), words.filled({ cells: empty.length }));
  });

  undo.addEventListener("click", () => {
    for (const [cell, value] of last) cell.value = value;
    said.textContent = words.undone;
    undo.hidden = true;
  });

  form.addEventListener("keydown", (event) => {
    const at = place(event.target);
    const way = { ArrowDown: 1, ArrowUp: -1, Enter: 1 }[event.key];
    if (!at || !way) return;
    event.preventDefault();
    rows[at[0] + way]?.[at[1]]?.focus();
  });
})();
