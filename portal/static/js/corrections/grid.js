// The fix grid: puts its parts together. Whatever is typed is sent at once and kept as a draft on the server.
(() => {
  "use strict";

  const root = document.getElementById("fixing");
  const part = (name) => root.querySelector(`[data-part=${name}]`);
  const button = (name) => document.querySelector(`[data-do=${name}]`);
  const { element, Wire, Hands, Panel, Clash } = corrections;
  const names = [...root.querySelectorAll("thead [data-name]")].map((head) => head.dataset.name);
  const choose = part("choose");
  const wire = new Wire(root.dataset.here, {
    silent: (isSilent) => { saved(isSilent ? "Not saved yet" : "Saving…"); if (isSilent) note("The server does not respond. Keep this page open: your edits are sent when it responds again."); else quiet(); },
    saving: (count) => saved(count ? "Saving…" : "All changes saved"),
    signedOut: () => new Promise((again) => {
      const sign = element("button", { type: "button", class: "btn", text: "Sign in and save" });
      sign.addEventListener("click", () => { quiet(); saved("Saving…"); again(); });
      saved("Not saved yet");
      note("You are signed out. Keep this page open: what you typed is saved after you sign in.", sign);
    }),
  });
  const start = new URLSearchParams(location.search);
  const LOOK = 5000;
  const narrow = matchMedia("(max-width: 700px)");
  const many = (count, word, words = `${word}s`) => `${count.toLocaleString()} ${count === 1 ? word : words}`;
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
      lines && `${many(lines, "pasted row")} did not fit on this page and ${lines === 1 ? "was" : "were"} left out. Go to the next page and paste the rest there.`,
      columns && `${many(columns, "pasted column")} did not fit beside the last column and ${columns === 1 ? "was" : "were"} left out.`,
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
    const words = [`${counts.accepted.toLocaleString()} of ${many(counts.waiting, "row")} would be accepted`];
    if (counts.discarded) words.push(`${counts.discarded.toLocaleString()} discarded`);
    if (draft.away) words.push(`${many(draft.away, "row")} submitted and being read`);
    if (counts.still) words.push(`${counts.still.toLocaleString()} changed but still rejected`);
    if (!counts.touched) words.push("no edits yet");
    part("progress").textContent = `${words.join(" · ")}.${draft.others.map((one) => ` ${one.who} is also editing (${many(one.steps, "step")}).`).join("")}`;
    button("undo").disabled = !draft.undo;
    button("redo").disabled = !draft.redo;
    button("ask-send").disabled = !ready;
    button("ask-send").textContent = ready ? `Submit ${many(ready, "fix", "fixes")}` : "Submit fixes";
    kinds();
    if (answer.rows) draw(answer.rows);
  }

  function kinds() {
    const list = choose.elements.kind;
    const before = list.value || (start.get("problem") ? `${start.get("problem")}/${start.get("column") ?? ""}` : "");
    list.replaceChildren(element("option", { value: "", text: "All problems" }), ...draft.kinds.map((kind) => element("option", {
      value: `${kind.code}/${kind.column >= 0 ? kind.column : ""}`, text: `${kind.title}${kind.header ? ` in ${kind.header}` : ""}: ${kind.left.toLocaleString()} of ${kind.rows.toLocaleString()} left`,
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
    part("where").textContent = `Page ${answer.page} of ${answer.pages}, ${many(answer.chosen, "row")}`;
    button("before").disabled = answer.page < 2;
    button("after").disabled = answer.page >= answer.pages;
    const kept = new URLSearchParams(Object.entries({ ...query, page: answer.page > 1 ? answer.page : "" }).filter(([, value]) => value));
    history.replaceState(null, "", `${location.pathname}${kept.size ? `?${kept}` : ""}`);
  }

  function failed(error) {
    if (error instanceof TypeError) note("The server does not respond. Your earlier edits are saved. Try again in a moment.");
    else note(error.message);
    return null;
  }

  async function step(one) {
    if (!wire.waiting) quiet(); // not what the page says while it cannot save
    try {
      take(await wire.say("steps", { step: { ...one, key: Math.random().toString(36).slice(2, 12) }, shown: shown() }));
    } catch (error) {
      if (error instanceof Clash) await clashed(error, one);
      else { failed(error); await load(); saved("Not saved"); }
    }
  }

  // Show both edits; neither is discarded silently.
  async function clashed(clash, mine) {
    const theirs = new Map(clash.others.flatMap((other) => other.cells.map(([row, column, text]) => [`${row}/${column}`, { who: other.who, text }])));
    const conflicts = (mine.cells ?? []).filter(([row, column]) => theirs.has(`${row}/${column}`)).slice(0, 5).map(([row, column, text]) => {
      const { who, text: other } = theirs.get(`${row}/${column}`);
      const line = rows.find((each) => each.row === row)?.line ?? row;
      return `Line ${line}, ${names[column]}: ${who} wrote “${other}”, you wrote “${text}”.`;
    });
    await load();
    const again = element("button", { type: "button", class: "btn", text: "Use mine" });
    const leave = element("button", { type: "button", class: "btn", text: "Keep theirs" });
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
    else note("No errors are left on this page. You can submit your fixes.");
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
      part("replace-count").textContent = answer.count ? `${many(answer.count, "cell")} would change.` : "No cell would change.";
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
    part("send-words").replaceChildren(element("p", { class: "quiet", text: "Preparing the preview…" }));
    dialog.onclose = () => { if (dialog.returnValue === "yes") send(); dialog.returnValue = ""; };
    dialog.showModal();
    const answer = await wire.ask("preview").catch((error) => { part("send-words").replaceChildren(element("p", { text: error.message })); });
    if (!answer) return;
    const { counts, before, after } = answer;
    const words = [`${many(counts.accepted + counts.discarded, "row")} will be submitted: ${counts.accepted.toLocaleString()} corrected or accepted, ${counts.discarded.toLocaleString()} discarded.`];
    const refusedAgain = after.quarantined - (before.quarantined - counts.accepted - counts.discarded);
    if (refusedAgain > 0) words.push(`${many(refusedAgain, "row")} of them would be rejected again because they conflict with other sales.`);
    if (counts.still) words.push(`${many(counts.still, "row")} that you changed ${counts.still === 1 ? "is" : "are"} still rejected and ${counts.still === 1 ? "stays" : "stay"} in the draft.`);
    words.push(`The receipt would show: ${after.read.toLocaleString()} read = ${after.new.toLocaleString()} new + ${after.corrected.toLocaleString()} corrected + ${after.duplicate.toLocaleString()} duplicates + ${after.quarantined.toLocaleString()} to fix + ${after.blank.toLocaleString()} blank + ${after.ignored.toLocaleString()} ignored.`);
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
