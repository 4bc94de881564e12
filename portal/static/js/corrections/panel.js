// The fix grid's panel: what is wrong with the cell, what it may have meant, and what may be done with the row.
(() => {
  "use strict";

  const { element } = corrections;
  const words = texts.corrections.panel;

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
      if (!row) { this.part.classList.remove("about"); this.part.replaceChildren(element("p", { class: "quiet", text: words.nothing })); return; }
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
      const title = element("h2", { text: words.title({ line: row.line, column: this.names[column] }) });
      const here = row.problems.filter((problem) => column < 0 || problem.columns.includes(column) || !problem.columns.length);
      const messages = here.flatMap((problem) => [element("p", {}, element("b", { text: problem.message })), element("p", { class: "quiet" }, problem.remedy.replaceAll("`", ""), " ", element("a", { href: `${this.help}#${problem.code}`, text: words.more }))]);
      const was = String(column) in row.was ? [element("p", { class: "quiet was", text: words.inFile({ value: row.was[column] }) })] : [];
      const whole = row.whole ? [element("p", { class: "quiet", text: words.rowInFile }), element("p", {}, element("code", { text: row.whole }))] : [];
      return [title, ...messages, ...was, ...whole];
    }

    offers(row, column, answer) {
      const children = [];
      if (answer.splits.length && row.state !== "ready") {
        children.push(element("h3", { text: words.suggestionsForRow }), element("ul", { class: "offers" }, ...answer.splits.map((one) => element("li", {}, this.button(one.label, () => this.on.step({ do: "set", cells: one.cells.map((text, place) => [row.row, place, text]) }))))));
      }
      if (answer.suggestions.length) {
        children.push(element("h3", { text: words.suggestions }), element("ul", { class: "offers" }, ...answer.suggestions.map((one) => this.offer(one, row, column))));
      }
      if (String(column) in row.was) {
        for (const like of answer.alike.filter((one) => one.same)) {
          children.push(this.button(words.setSame({ count: like.same, text: row.cells[column] }), () => this.on.step({ do: "put", code: like.code, column, value: like.value, text: row.cells[column] })));
        }
      }
      return children;
    }

    offer(one, row, column) {
      const line = element("li", {}, this.button(one.text, () => this.on.put(one.text), one.label));
      if (one.every > 1) {
        const step = one.how ? { do: "read", code: one.code, column, how: one.how } : { do: "put", code: one.code, column, value: row.cells[column], text: one.text };
        const name = one.how ? words.readColumn({ count: one.every, label: one.label }) : words.setAll({ count: one.every, text: one.text });
        line.append(this.button(words.all({ count: one.every }), () => this.on.step(step), "", name));
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
      const count = rows.length;
      const deeds = element("div", { class: "deeds", data: { part: "deeds" } });
      if (row.state === "discarded") deeds.append(this.button(words.undoDiscard, () => this.on.step({ do: "discard", rows, off: true })));
      else if (row.state === "accepted") deeds.append(this.button(words.undoAccept, () => this.on.step({ do: "accept", rows, off: true })));
      else if (row.acceptable) deeds.append(this.button(words.accept({ count }), () => this.on.step({ do: "accept", rows })));
      if (row.state !== "waits") deeds.append(this.button(words.restore({ count }), () => this.on.step({ do: "revert", rows })));
      const children = deeds.childElementCount ? [element("h3", { text: words.selected({ count }) }), deeds] : [];
      if (row.state !== "discarded") children.push(this.discarding(rows));
      return children;
    }

    discarding(rows) {
      const reason = element("input", { class: "form-control", id: "fix-reason", maxlength: "500", required: true, autocomplete: "off", placeholder: words.reason });
      const form = element("form", {}, element("h3", {}, element("label", { for: "fix-reason", text: words.discardWithReason })), reason,
        element("div", { class: "deeds discard", data: { part: "discard" } }, element("button", { class: "btn", text: words.discard({ count: rows.length }) })));
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
          const made = element("button", { class: "btn", text: value === null ? words.discardProblem({ count: same }) : words.discardValue({ count: same, value }) });
          made.like = { code, column: place, value };
          discard.append(made);
        }
        if (every > 1 && row.acceptable && row.state === "waits") {
          deeds.append(this.button(words.acceptProblem({ count: every }), () => this.on.step({ do: "accept", code, column: place })));
        }
      }
    }
  }

  corrections.Panel = Panel;
})();
