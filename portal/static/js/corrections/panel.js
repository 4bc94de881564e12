// The fix grid's panel: what is wrong with the cell, what it may have meant, and what may be done with the row.
(() => {
  "use strict";

  const { element } = corrections;
  const many = (count) => (count === 1 ? "the one like it" : `all ${count.toLocaleString()} like it`);

  // `on`: put(text), step(step), back().
  class Panel {
    constructor(part, names, help, ask, on) {
      Object.assign(this, { part, names, help, ask, on, requests: 0, key: "" });
      part.addEventListener("keydown", (event) => {
        if (event.key !== "F6" && event.key !== "Escape") return;
        event.preventDefault();
        on.back();
      });
    }

    focus() { (this.part.querySelector("button") ?? this.part).focus(); }

    // Drawn at once from the loaded rows; suggestions follow. The last requested cell wins.
    async show(row, column, rows, fresh = false) {
      const key = row ? JSON.stringify([row.row, column, row.cells[column], row.state, row.reason, rows]) : "";
      if (key === this.key && !fresh) return;
      this.key = key;
      this.requests += 1;
      const turn = this.requests;
      if (!row) { this.part.classList.remove("about"); this.part.replaceChildren(element("p", { class: "quiet", text: "Select a cell to see its problem and suggestions." })); return; }
      const offers = element("div", { data: { part: "offers" } });
      const held = this.part.contains(document.activeElement);
      this.part.classList.add("about");
      this.part.replaceChildren(...this.about(row, column), offers, ...this.deeds(row, column, rows));
      if (held) this.focus();
      if (row.state === "discarded") return;
      await new Promise((done) => { setTimeout(done, 120); });
      if (turn !== this.requests) return;
      const answer = await this.ask("cell", { row: row.row, column }).catch(() => null);
      if (!answer || turn !== this.requests) return;
      offers.replaceChildren(...this.offers(row, column, answer));
      this.allAlike(row, column, answer.alike);
    }

    about(row, column) {
      const title = element("h2", { text: `Line ${row.line.toLocaleString()}${column < 0 ? "" : ` · ${this.names[column]}`}` });
      const here = row.problems.filter((problem) => column < 0 || problem.columns.includes(column) || !problem.columns.length);
      const messages = here.flatMap((problem) => [element("p", {}, element("b", { text: problem.message })), element("p", { class: "quiet" }, problem.remedy.replaceAll("`", ""), " ", element("a", { href: `${this.help}#${problem.code}`, text: "More" }))]);
      const was = String(column) in row.was ? [element("p", { class: "quiet was", text: `Value in the file: “${row.was[column]}”` })] : [];
      const whole = row.whole ? [element("p", { class: "quiet", text: "The row in the file:" }), element("p", {}, element("code", { text: row.whole }))] : [];
      return [title, ...messages, ...was, ...whole];
    }

    offers(row, column, answer) {
      const children = [];
      if (answer.splits.length && row.state !== "ready") {
        children.push(element("h3", { text: "Suggestions for the row" }), element("ul", { class: "offers" }, ...answer.splits.map((one) => element("li", {}, this.button(one.label, () => this.on.step({ do: "set", cells: one.cells.map((text, place) => [row.row, place, text]) }))))));
      }
      if (answer.suggestions.length) {
        children.push(element("h3", { text: "Suggestions" }), element("ul", { class: "offers" }, ...answer.suggestions.map((one) => this.offer(one, row, column))));
      }
      if (String(column) in row.was) {
        for (const like of answer.alike.filter((one) => one.same)) {
          children.push(this.button(`Set ${many(like.same)} to “${row.cells[column]}”`, () => this.on.step({ do: "put", code: like.code, column, value: like.value, text: row.cells[column] })));
        }
      }
      return children;
    }

    offer(one, row, column) {
      const line = element("li", {}, this.button(one.text, () => this.on.put(one.text), one.label));
      if (one.every > 1) {
        const step = one.how ? { do: "read", code: one.code, column, how: one.how } : { do: "put", code: one.code, column, value: row.cells[column], text: one.text };
        const words = one.how ? `Read ${one.every.toLocaleString()} cells of the column this way: ${one.label}` : `Set all ${one.every.toLocaleString()} like it to ${one.text}`;
        line.append(this.button(`All ${one.every.toLocaleString()}`, () => this.on.step(step), "", words));
      }
      return line;
    }

    button(text, act, label = "", name = "") {
      const made = element("button", { type: "button", class: "btn", "aria-label": name || false, title: name || false, text });
      if (label) made.append(element("small", { text: label }));
      made.addEventListener("click", act);
      return made;
    }

    deeds(row, column, rows) {
      const some = rows.length > 1 ? `${rows.length} rows` : "row";
      const deeds = element("div", { class: "deeds", data: { part: "deeds" } });
      if (row.state === "discarded") deeds.append(this.button("Undo discard", () => this.on.step({ do: "discard", rows, off: true })));
      else if (row.state === "accepted") deeds.append(this.button("Undo accept", () => this.on.step({ do: "accept", rows, off: true })));
      else if (row.acceptable) deeds.append(this.button(`Accept the ${some} unchanged`, () => this.on.step({ do: "accept", rows })));
      if (row.state !== "waits") deeds.append(this.button(`Restore the original ${some}`, () => this.on.step({ do: "revert", rows })));
      const children = deeds.childElementCount ? [element("h3", { text: rows.length > 1 ? `These ${rows.length} rows` : "The row" }), deeds] : [];
      if (row.state !== "discarded") children.push(this.discarding(rows, some));
      return children;
    }

    discarding(rows, some) {
      const reason = element("input", { class: "form-control", id: "fix-reason", maxlength: "500", required: true, autocomplete: "off", placeholder: "For example: a test sale" });
      const form = element("form", {}, element("h3", {}, element("label", { for: "fix-reason", text: "Discard with a reason" })), reason,
        element("div", { class: "deeds discard", data: { part: "discard" } }, element("button", { class: "btn", text: `Discard the ${some}` })));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const text = reason.value.trim();
        const like = event.submitter?.like;
        this.on.step(like ? { do: "discard", ...like, text } : { do: "discard", rows, text });
      });
      return form;
    }

    // What may be done with every row like this one, with how many there are.
    allAlike(row, column, alike) {
      const discard = this.part.querySelector("[data-part=discard]");
      const deeds = this.part.querySelector("[data-part=deeds]");
      for (const { code, value, same, every } of alike) {
        const place = column < 0 ? undefined : column;
        if (same > 1 && discard) {
          const made = element("button", { class: "btn", text: value === null ? `Discard all ${same.toLocaleString()} with this problem` : `Discard all ${same.toLocaleString()} where it is “${value}”` });
          made.like = { code, column: place, value };
          discard.append(made);
        }
        if (every > 1 && row.acceptable && row.state === "waits") {
          deeds.append(this.button(`Accept all ${every.toLocaleString()} with this problem`, () => this.on.step({ do: "accept", code, column: place })));
        }
      }
    }
  }

  corrections.Panel = Panel;
})();
