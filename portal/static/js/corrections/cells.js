// The fix grid's cells: how rows are drawn, and blocks of cells as spreadsheets put them on the clipboard.
(() => {
  "use strict";

  const words = texts.corrections.rows;
  const MARKS = { ready: "✓", accepted: "✓", still: "!" };

  function element(name, options = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(options)) {
      if (key === "text") made.textContent = value;
      else if (key === "data") Object.assign(made.dataset, value);
      else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  // How many cells a row has too few or too many, and what stands in those beyond the header.
  function shape(row, width) {
    const by = row.ragged.cells - width;
    const parts = [element("span", { class: "fix-ragged", text: by < 0 ? words.missing({ cells: -by }) : words.tooMany({ cells: by }) })];
    if (by > 0) parts.push(words.beyond({ values: row.ragged.beyond }));
    return element("p", {}, ...parts);
  }

  function why(row, me) {
    const cell = element("td", { role: "gridcell", class: "why", tabindex: "-1", "aria-readonly": "true", "aria-colindex": "2", data: { column: "-1" } });
    if (row.state === "discarded") cell.append(element("p", {}, element("span", { class: "fix-state discarded", text: words.discarded({ reason: row.reason }) })));
    else if (MARKS[row.state]) cell.append(element("p", {}, element("span", { class: `fix-state ${row.state}`, text: `${MARKS[row.state]} ${words[row.state]}` })));
    if (row.ragged && row.state !== "discarded") cell.append(shape(row, row.cells.length));
    if (row.state !== "discarded") for (const problem of row.problems.filter((one) => !row.ragged || one.code !== "ragged-row")) cell.append(element("p", { text: problem.message, title: problem.message }));
    cell.append(element("button", { type: "button", class: "btn fix-open", tabindex: "-1", "aria-expanded": "false", text: words.allFields }));
    if (row.by && row.by !== me) cell.append(element("p", { class: "quiet", text: words.changedBy({ login: row.by }) }));
    return cell;
  }

  function draw(row, place, names, me) {
    const bad = new Set(row.problems.flatMap((problem) => problem.columns));
    const width = row.ragged ? row.ragged.cells : row.cells.length;
    const line = element("tr", { role: "row", "aria-rowindex": String(place + 2), class: `${row.state}${row.ragged ? " ragged" : ""}`, data: { row: String(row.row) } });
    line.append(element("th", { role: "rowheader", scope: "row", class: "num", "aria-colindex": "1", text: texts.number(row.line) }), why(row, me));
    row.cells.forEach((text, column) => {
      const wrong = bad.has(column) && row.state !== "discarded";
      const kind = [wrong ? "bad" : "", column >= width ? "absent" : "", String(column) in row.was ? "edited" : ""].filter(Boolean).join(" ");
      line.append(element("td", {
        role: "gridcell", tabindex: "-1", "aria-colindex": String(column + 3), class: kind || false, "aria-invalid": wrong ? "true" : false,
        title: String(column) in row.was ? words.original({ value: row.was[column] }) : column >= width ? words.absent : text.length > 30 ? text : false,
        data: { column: String(column), label: names[column] }, text,
      }));
    });
    return line;
  }

  const quoted = (text) => (/[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const written = (block) => block.map((line) => line.map(quoted).join("\t")).join("\r\n");

  function block(text) {
    const lines = [[]];
    const cells = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r\n|\n|\r|$)/gy;
    for (let found = cells.exec(text); found; found = cells.exec(text)) {
      lines.at(-1).push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
      if (found[3] === "") break;
      if (found[3] !== "\t") {
        if (cells.lastIndex === text.length) break;
        lines.push([]);
      }
    }
    return lines;
  }

  Object.assign(corrections, { element, draw, written, block });
})();
