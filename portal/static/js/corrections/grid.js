// The fix grid: puts its parts together. Whatever is typed is sent at once and kept as a draft on the server.
(() => {
  "use strict";

  const root = document.getElementById("fixing");
  const part = (name) => root.querySelector(`[data-part=${name}]`);
  const button = (name) => document.querySelector(`[data-do=${name}]`);
  const { element, Wire, Hands, Panel, Clash } = corrections;
  const { saving, grid, submitting } = texts.corrections;
  const names = [...root.querySelectorAll("thead [data-name]")].map((head) => head.dataset.name);
  const choose = part("choose");
  const wire = new Wire(root.dataset.here, {
    silent: (isSilent) => { saved(isSilent ? saving.notSavedYet : saving.saving); if (isSilent) note(saving.silent); else quiet(); },
    saving: (count) => saved(count ? saving.saving : saving.saved),
    signedOut: () => new Promise((again) => {
      const sign = element("button", { type: "button", class: "btn", text: saving.signIn });
      sign.addEventListener("click", () => { quiet(); saved(saving.saving); again(); });
      saved(saving.notSavedYet);
      note(saving.keepOpen, sign);
    }),
  });
  const start = new URLSearchParams(location.search);
  const LOOK = 5000;
  const narrow = matchMedia("(max-width: 700px)");
  const saved = (words) => { document.querySelector("[data-part=saved]").textContent = words; };
  let rows = [];
  let draft = {};
  let page = Number(start.get("page")) || 1;

  const wanted = () => {
    // before the first answer the list of problems is empty, and the address says which one is meant
    const [problem, column] = (choose.elements.kind.value || (start.has("problem") ? `${start.get("problem")}/` : "")).split("/");
    return { problem: problem ?? "", column: column || choose.elements.column.value, q: choose.elements.q.value, left: choose.elements.left.checked ? "1" : "", page };
  };
  const shown = () => rows.map((row) => row.row);
  const rowAt = ([row]) => rows[row];

  const hands = new Hands(part("grid"), {
    moved: () => about(),
    write: (cells) => step({ do: "set", cells }),
    turn: (pages) => turn(page + pages),
    undo: () => act("undo"),
    redo: () => act("redo"),
    next: () => next(),
    aside: () => panel.focus(),
    leftOver: (lines, columns) => note([
      lines && grid.rowsLeftOut({ count: lines }),
      columns && grid.columnsLeftOut({ count: columns }),
    ].filter(Boolean).join(" ")),
  });
  const panel = new Panel(part("panel"), names, root.dataset.help, (...args) => wire.ask(...args), {
    put: (text) => hands.put(() => text),
    step: (one) => step(one),
    back: () => hands.choose(hands.at),
  });

  function about(fresh = false) {
    const chosen = hands.block().rows.map((row) => rows[row]?.row).filter((row) => row !== undefined);
    // on a phone it lies over the rows: only once a cell was chosen
    const isShown = !narrow.matches || part("grid").contains(document.activeElement) || part("panel").contains(document.activeElement);
    panel.show(isShown ? rowAt(hands.at) : undefined, hands.at[1], chosen, fresh);
  }

  function note(words, ...buttons) {
    const made = element("div", { class: "notice ask" }, element("span", { text: words }));
    if (buttons.length) made.append(element("div", { class: "fix-notice-buttons" }, ...buttons));
    part("notes").replaceChildren(made);
  }

  const quiet = () => part("notes").replaceChildren();

  // What the page knows of the draft; the rows only where they came along.
  function take(answer) {
    draft = { ...draft, ...answer };
    const { counts } = draft;
    const ready = counts.accepted + counts.discarded;
    part("progress").textContent = grid.progress({ ...counts, away: draft.away, others: draft.others });
    button("undo").disabled = !draft.undo;
    button("redo").disabled = !draft.redo;
    button("ask-send").disabled = !ready;
    button("ask-send").textContent = submitting.submit({ count: ready });
    kinds();
    if (answer.rows) draw(answer.rows);
  }

  function kinds() {
    const list = choose.elements.kind;
    const before = list.value || (start.get("problem") ? `${start.get("problem")}/${start.get("column") ?? ""}` : "");
    list.replaceChildren(element("option", { value: "", text: grid.allProblems }), ...draft.kinds.map((kind) => element("option", {
      value: `${kind.code}/${kind.column >= 0 ? kind.column : ""}`, text: grid.problem({ ...kind, column: kind.header }),
    })));
    list.value = before;
    if (list.selectedIndex < 0) list.value = [...list.options].find((one) => one.value.startsWith(`${before.split("/")[0]}/`))?.value ?? "";
    start.delete("problem");
  }

  function draw(fresh) {
    const focused = part("grid").contains(document.activeElement);
    const open = new Set([...part("grid").querySelectorAll("tr.open")].map((row) => row.dataset.row));
    const typing = hands.input && { value: hands.input.value, row: rowAt(hands.at)?.row };
    if (typing) hands.input = null;
    rows = fresh;
    part("rows").replaceChildren(...rows.map((row, index) => corrections.draw(row, (draft.first ?? 0) + index, names, root.dataset.me)));
    for (const row of part("rows").rows) row.classList.toggle("open", open.has(row.dataset.row));
    part("none").hidden = rows.length > 0;
    if (!rows.length) { about(); return; }
    hands.at = [Math.min(hands.at[0], rows.length - 1), Math.min(hands.at[1], names.length - 1)];
    if (focused) hands.choose(hands.at, true);
    else hands.mark();
    // somebody types while an answer comes in: the words stay in the cell
    if (typing && rowAt(hands.at)?.row === typing.row) hands.edit(typing.value);
    about(true);
  }

  async function load() {
    const query = wanted();
    const answer = await wire.ask("rows", query).catch(failed);
    if (!answer) return;
    ({ page } = answer);
    take(answer);
    part("grid").setAttribute("aria-rowcount", String(answer.chosen + 1));
    part("pages").hidden = answer.pages < 2;
    part("where").textContent = grid.page({ ...answer, rows: answer.chosen });
    button("before").disabled = answer.page < 2;
    button("after").disabled = answer.page >= answer.pages;
    const kept = new URLSearchParams(Object.entries({ ...query, page: answer.page > 1 ? answer.page : "" }).filter(([, value]) => value));
    history.replaceState(null, "", `${location.pathname}${kept.size ? `?${kept}` : ""}`);
  }

  function failed(error) {
    if (error instanceof TypeError) note(saving.notAnswered);
    else note(error.message);
    return null;
  }

  async function step(one) {
    if (!wire.waiting) quiet(); // not what the page says while it cannot save
    try {
      take(await wire.say("steps", { step: { ...one, key: Math.random().toString(36).slice(2, 12) }, shown: shown() }));
    } catch (error) {
      if (error instanceof Clash) await clashed(error, one);
      else { failed(error); await load(); saved(saving.notSaved); }
    }
  }

  // Show both edits; neither is discarded silently.
  async function clashed(clash, mine) {
    const theirs = new Map(clash.others.flatMap((other) => other.cells.map(([row, column, text]) => [`${row}/${column}`, { who: other.who, text }])));
    const conflicts = (mine.cells ?? []).filter(([row, column]) => theirs.has(`${row}/${column}`)).slice(0, 5).map(([row, column, text]) => {
      const { who, text: other } = theirs.get(`${row}/${column}`);
      const line = rows.find((each) => each.row === row)?.line ?? row;
      return saving.conflict({ line, column: names[column], login: who, theirs: other, yours: text });
    });
    await load();
    const again = element("button", { type: "button", class: "btn", text: saving.useMine });
    const leave = element("button", { type: "button", class: "btn", text: saving.keepTheirs });
    again.addEventListener("click", () => { quiet(); step(mine); });
    leave.addEventListener("click", quiet);
    note([clash.message, ...conflicts].join(" "), again, leave);
  }

  async function act(name) {
    if (!draft[name]) return;
    try { take(await wire.say(name, { shown: shown() })); } catch (error) { failed(error); }
  }

  async function turn(to) {
    if (to < 1 || to > (draft.pages ?? 1)) return;
    page = to;
    hands.at = [0, hands.at[1]];
    hands.from = hands.at;
    const held = part("grid").contains(document.activeElement);
    await load();
    part("grid").closest(".fix-scroller").scrollTop = 0;
    if (held) hands.choose(hands.at);
  }

  // The next cell that is still wrong, on this page or on a later one.
  async function next() {
    const [row, column] = hands.at;
    const open = (each) => each.state === "waits" || each.state === "still";
    const spots = rows.flatMap((each, index) => (open(each) ? (each.problems.flatMap((problem) => problem.columns).sort((a, b) => a - b).map((place) => [index, place])) : []));
    const bare = rows.flatMap((each, index) => (open(each) && !each.problems.some((problem) => problem.columns.length) ? [[index, -1]] : []));
    const all = [...spots, ...bare].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const after = all.find(([down, right]) => (down > row || (down === row && right > column)));
    if (after) { hands.choose(after); return; }
    const answer = await wire.ask("next", { ...wanted(), page: page + 1 }).catch(failed);
    if (answer?.page && answer.page !== page) { await turn(answer.page); hands.at = [0, -2]; await next(); } else if (all.length) hands.choose(all[0]);
    else note(grid.noneLeft);
  }

  async function askReplace() {
    const dialog = part("replace");
    const { form } = dialog.querySelector("input");
    const replacement = () => ({ do: "replace", value: form.elements.find.value, text: form.elements.with.value, column: Number(form.elements.in.value) });
    const count = async () => {
      const one = replacement();
      part("replace-yes").disabled = true;
      if (!one.value) return;
      const answer = await wire.say("count", { step: one }).catch(failed);
      if (!answer || JSON.stringify(one) !== JSON.stringify(replacement())) return;
      part("replace-count").textContent = grid.wouldChange({ cells: answer.count });
      part("replace-yes").disabled = !answer.count;
    };
    form.oninput = count;
    dialog.onclose = () => { if (dialog.returnValue === "yes") step(replacement()); dialog.returnValue = ""; };
    dialog.showModal();
    count();
  }

  async function askSend() {
    await wire.last;
    const dialog = part("send");
    part("send-yes").disabled = true;
    part("send-words").replaceChildren(element("p", { class: "quiet", text: submitting.preparing }));
    dialog.onclose = () => { if (dialog.returnValue === "yes") send(); dialog.returnValue = ""; };
    dialog.showModal();
    const answer = await wire.ask("preview").catch((error) => { part("send-words").replaceChildren(element("p", { text: error.message })); });
    if (!answer) return;
    const { counts, before, after } = answer;
    const words = [submitting.submitted(counts)];
    const refusedAgain = after.quarantined - (before.quarantined - counts.accepted - counts.discarded);
    if (refusedAgain > 0) words.push(submitting.rejectedAgain({ count: refusedAgain }));
    if (counts.still) words.push(submitting.still({ count: counts.still }));
    words.push(submitting.receipt(after));
    part("send-words").replaceChildren(...words.map((text) => element("p", { text })));
    part("send-yes").disabled = false;
  }

  async function send() {
    try {
      const answer = await wire.say("send");
      location.href = answer.url;
    } catch (error) {
      await load();
      note(error.message);
    }
  }

  const deeds = { undo: () => act("undo"), redo: () => act("redo"), next, "ask-replace": askReplace, "ask-send": askSend, before: () => turn(page - 1), after: () => turn(page + 1), all: () => { choose.reset(); choose.elements.q.value = ""; choose.elements.left.checked = false; choose.elements.column.value = ""; choose.elements.kind.value = ""; page = 1; load(); } };
  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-do]");
    if (control) deeds[control.dataset.do]?.();
    const opened = event.target.closest(".fix-open");
    if (opened) opened.setAttribute("aria-expanded", String(opened.closest("tr").classList.toggle("open")));
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea, dialog") || event.defaultPrevented) return;
    if (event.key === "F8") { event.preventDefault(); next(); }
    if ((event.ctrlKey || event.metaKey) && event.key === "z") { event.preventDefault(); act(event.shiftKey ? "redo" : "undo"); }
    if ((event.ctrlKey || event.metaKey) && event.key === "y") { event.preventDefault(); act("redo"); }
  });
  let typing;
  choose.addEventListener("submit", (event) => event.preventDefault());
  choose.addEventListener("input", (event) => {
    clearTimeout(typing);
    page = 1;
    if (event.target.name === "kind" && event.target.value) choose.elements.column.value = "";
    typing = setTimeout(load, event.target.name === "q" ? 250 : 0);
  });
  // Leaving while a step is on its way would lose it.
  addEventListener("beforeunload", (event) => { if (wire.waiting) event.preventDefault(); });

  // What others type, and rows that came back meanwhile, show by themselves.
  async function watch() {
    await new Promise((done) => { setTimeout(done, LOOK); });
    if (!document.hidden && !wire.waiting && !hands.input && !document.querySelector("dialog[open]")) {
      const answer = await wire.ask("stamp").catch(() => null);
      if (answer && answer.stamp !== draft.stamp && !wire.waiting && !hands.input) await load();
    }
    return watch();
  }

  choose.hidden = false;
  // on a phone the page is read from its top; elsewhere the hands lie on the first cell to repair
  load().then(() => { if (!narrow.matches && rows.length) { hands.at = [0, -2]; next(); } });
  watch();
})();
