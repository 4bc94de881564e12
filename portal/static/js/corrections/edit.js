// The fix grid under the hands: one cell has the focus, a block may be chosen, a cell is edited in its place.
(() => {
  "use strict";

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  // `on` has callbacks: moved, write(cells), turn(pages), undo, redo, next, aside, leftOver(lines, columns).
  class Hands {
    constructor(table, on) {
      this.table = table;
      this.on = on;
      this.at = [0, 0];
      this.from = [0, 0];
      this.input = null;
      this.leaving = false;
      table.addEventListener("keydown", (event) => this.key(event));
      table.addEventListener("mousedown", (event) => this.pressed(event));
      table.addEventListener("mouseover", (event) => { if (event.buttons === 1 && !this.input && this.dragged(event)) this.choose(this.place(event.target), true); });
      table.addEventListener("dblclick", (event) => { if (this.place(event.target)) this.edit(); });
      table.addEventListener("focusin", (event) => { const place = this.place(event.target); if (place && !this.input) { if (String(place) !== String(this.at)) this.from = place; this.at = place; this.mark(); this.on.moved(); } });
      for (const name of ["copy", "cut", "paste"]) table.addEventListener(name, (event) => { if (!this.input) this.clip(name, event); });
    }

    get rows() { return [...this.table.tBodies[0].rows].filter((row) => row.dataset.row); }
    get width() { return this.rows.length ? this.rows[0].cells.length - 2 : 0; }

    // [row, column], the column -1 being what is wrong.
    place(target) {
      const cell = target.closest?.("[role=gridcell]");
      const row = cell ? this.rows.indexOf(cell.parentElement) : -1;
      return row < 0 ? null : [row, Number(cell.dataset.column)];
    }

    cell([row, column]) { return this.rows[row]?.cells[column + 2]; }

    choose(place, extend = false) {
      if (!place || !this.rows.length) return;
      const [row, column] = place;
      this.at = [Math.max(0, Math.min(row, this.rows.length - 1)), Math.max(-1, Math.min(column, this.width - 1))];
      if (!extend) this.from = this.at;
      this.mark();
      const cell = this.cell(this.at);
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }

    // The block between where choosing began and where it is.
    block() {
      const [rows, columns] = [0, 1].map((n) => [Math.min(this.at[n], this.from[n]), Math.max(this.at[n], this.from[n])]);
      const range = ([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => first + n);
      return { rows: range(rows), columns: range(columns).filter((column) => column >= 0) };
    }

    mark() {
      for (const cell of this.table.querySelectorAll("[tabindex='0'], .picked")) {
        if (cell.closest("tbody")) { cell.tabIndex = -1; cell.classList.remove("picked"); cell.removeAttribute("aria-selected"); }
      }
      const { rows, columns } = this.block();
      if (rows.length * columns.length > 1) {
        for (const row of rows) for (const column of columns) {
          const cell = this.cell([row, column]);
          cell?.classList.add("picked");
          cell?.setAttribute("aria-selected", "true");
        }
      }
      const cell = this.cell(this.at);
      if (cell) cell.tabIndex = 0;
    }

    pressed(event) {
      const place = this.place(event.target);
      if (!place || event.target === this.input) return;
      if (event.target.closest(".fix-open")) return;
      event.preventDefault();
      if (this.input) this.commit();
      this.press = [event.clientX, event.clientY];
      this.choose(place, event.shiftKey);
      if (matchMedia("(max-width: 700px)").matches && place[1] >= 0) this.edit();
    }

    // Whether the pointer itself moved since the press: choosing a cell may scroll another one under a pointer at rest.
    dragged(event) { return this.press && (event.clientX !== this.press[0] || event.clientY !== this.press[1]); }

    edit(text) {
      const cell = this.cell(this.at);
      if (!cell || this.at[1] < 0 || this.input) return;
      this.before = cell.textContent;
      this.input = corrections.element("textarea", { class: "in-cell", "aria-label": texts.corrections.rows.cell({ column: cell.dataset.label, line: cell.parentElement.cells[0].textContent }), autocomplete: "off", spellcheck: "false" });
      this.input.value = text ?? this.before;
      this.input.rows = this.input.value.split("\n").length;
      cell.classList.add("editing");
      cell.replaceChildren(this.input);
      this.input.addEventListener("blur", () => this.commit());
      this.input.focus();
      if (text === undefined) this.input.select();
    }

    // Ends editing; what was typed is written unless it is dropped.
    commit(drop = false) {
      const { input } = this;
      if (!input) return;
      this.input = null;
      const cell = input.parentElement;
      const text = drop ? this.before : input.value;
      cell.classList.remove("editing");
      cell.textContent = text;
      if (text !== this.before) this.on.write([[Number(cell.parentElement.dataset.row), Number(cell.dataset.column), text]]);
    }

    key(event) {
      const command = event.ctrlKey || event.metaKey;
      if (this.input) return this.keyInside(event);
      if (!this.place(event.target)) return undefined;
      const done = command ? this.commanded(event) : this.moved(event) || this.worked(event);
      if (done) event.preventDefault();
      return undefined;
    }

    keyInside(event) {
      if (event.isComposing) return;
      if (event.key === "Enter" && event.altKey) { event.preventDefault(); this.input.setRangeText("\n", this.input.selectionStart, this.input.selectionEnd, "end"); this.input.rows += 1; return; }
      const way = { Enter: [event.shiftKey ? -1 : 1, 0], Tab: [0, event.shiftKey ? -1 : 1] }[event.key];
      if (!way && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.commit(event.key === "Escape");
      this.choose([this.at[0] + (way?.[0] ?? 0), this.at[1] + (way?.[1] ?? 0)]);
    }

    commanded(event) {
      const key = event.key.toLowerCase();
      const last = [this.rows.length - 1, this.width - 1];
      if (key === "z") { if (event.shiftKey) this.on.redo(); else this.on.undo(); } else if (key === "y") this.on.redo();
      else if (key === "d") this.fill();
      else if (key === "home") this.choose([0, 0], event.shiftKey);
      else if (key === "end") this.choose(last, event.shiftKey);
      else if (key === "a") { this.from = [0, 0]; this.choose(last, true); } else return false;
      return true;
    }

    moved(event) {
      const [row, column] = this.at;
      if (event.altKey) return false;
      if (MOVES[event.key]) this.choose([row + MOVES[event.key][0], column + MOVES[event.key][1]], event.shiftKey);
      else if (event.key === "Home") this.choose([row, 0], event.shiftKey);
      else if (event.key === "End") this.choose([row, this.width - 1], event.shiftKey);
      else if (event.key === "PageUp") this.on.turn(-1);
      else if (event.key === "PageDown") this.on.turn(1);
      else if (event.key === "Tab") return this.tab(event.shiftKey ? -1 : 1);
      else return false;
      return true;
    }

    // As in a spreadsheet; from the last cell, or after Escape, it leaves the grid as Tab does elsewhere.
    tab(step) {
      const all = this.rows.length * this.width;
      const next = this.at[0] * this.width + this.at[1] + step;
      if (this.leaving || next < 0 || next >= all) { this.leaving = false; return false; }
      this.choose([Math.floor(next / this.width), next % this.width]);
      return true;
    }

    worked(event) {
      if (event.key === "Escape") { this.leaving = true; this.from = this.at; this.mark(); return true; }
      this.leaving = false;
      if (event.key === "Enter" && this.at[1] < 0) this.cell(this.at).querySelector(".fix-open").click();
      else if (event.key === "F2" || event.key === "Enter") this.edit();
      else if (event.key === "F8") this.on.next();
      else if (event.key === "F6" || (event.altKey && event.key === "ArrowDown")) this.on.aside();
      else if (event.key === "Delete" || event.key === "Backspace") this.put(() => "");
      else if (event.key.length === 1 && !event.altKey) this.edit(event.key);
      else return false;
      return true;
    }

    // Into every cell of the block that becomes another one: what `text` gives for its place in the block.
    put(text) {
      const { rows, columns } = this.block();
      this.writeAll(rows.flatMap((row, down) => columns.map((column, right) => [row, column, text(down, right)])));
    }

    writeAll(cells) {
      const changed = cells.filter(([row, column, text]) => this.cell([row, column]) && this.cell([row, column]).textContent !== text);
      for (const [row, column, text] of changed) this.cell([row, column]).textContent = text;
      if (changed.length) this.on.write(changed.map(([row, column, text]) => [Number(this.rows[row].dataset.row), column, text]));
    }

    fill() {
      const { rows, columns } = this.block();
      const first = rows.length > 1 ? rows[0] : rows[0] - 1;
      if (first >= 0) this.put((_, right) => this.cell([first, columns[right]]).textContent);
    }

    clip(name, event) {
      if (!this.place(document.activeElement)) return;
      event.preventDefault();
      const { rows, columns } = this.block();
      if (name === "paste") return this.paste(event.clipboardData.getData("text/plain"), rows, columns);
      const text = columns.length ? rows.map((row) => columns.map((column) => this.cell([row, column]).textContent)) : rows.map((row) => [this.cell([row, -1]).textContent]);
      event.clipboardData.setData("text/plain", corrections.written(text));
      if (name === "cut") this.put(() => "");
    }

    // One copied cell fills the chosen block; a copied block lies down from the first chosen cell.
    paste(text, rows, columns) {
      const block = corrections.block(text);
      if (!columns.length) return;
      if (block.length === 1 && block[0].length === 1) return this.put(() => block[0][0]);
      const across = Math.max(...block.map((line) => line.length));
      const lines = Math.max(0, rows[0] + block.length - this.rows.length);
      const beside = Math.max(0, columns[0] + across - this.width);
      this.writeAll(block.flatMap((line, down) => line.map((cell, right) => [rows[0] + down, columns[0] + right, cell])));
      this.from = [rows[0], columns[0]];
      this.choose([rows[0] + block.length - 1, columns[0] + across - 1], true);
      if (lines || beside) this.on.leftOver(lines, beside);
    }
  }

  corrections.Hands = Hands;
})();
