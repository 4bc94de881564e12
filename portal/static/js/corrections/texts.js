// Texts of the fix grid.
(() => {
  "use strict";

  const { many, number } = texts;
  const rowsOf = (count) => (count > 1 ? `${count} rows` : "row");
  const alike = (count) => (count === 1 ? "the one like it" : `all ${number(count)} like it`);

  const rows = {
    ready: "Would be accepted",
    accepted: "Accepted unchanged",
    still: "Still rejected",
    discarded: ({ reason }) => `Discarded: ${reason}`,
    missing: ({ cells }) => `${many(cells, "cell")} missing`,
    tooMany: ({ cells }) => `${many(cells, "cell")} too many`,
    beyond: ({ values }) => ` after the last column: ${values.map((value) => `“${value}”`).join(", ")}`,
    allFields: "All fields",
    changedBy: ({ login }) => `changed by ${login}`,
    original: ({ value }) => `Original value: “${value}”`,
    absent: "The row in the file has no cell here",
    cell: ({ column, line }) => `${column}, line ${line}`,
  };

  const panel = {
    nothing: "Select a cell to see its problem and suggestions.",
    title: ({ line, column }) => `Line ${number(line)}${column ? ` · ${column}` : ""}`,
    more: "More",
    inFile: ({ value }) => `Value in the file: “${value}”`,
    rowInFile: "The row in the file:",
    suggestionsForRow: "Suggestions for the row",
    suggestions: "Suggestions",
    setSame: ({ count, text }) => `Set ${alike(count)} to “${text}”`,
    readColumn: ({ count, label }) => `Read ${number(count)} cells of the column this way: ${label}`,
    setAll: ({ count, text }) => `Set all ${number(count)} like it to ${text}`,
    all: ({ count }) => `All ${number(count)}`,
    undoDiscard: "Undo discard",
    undoAccept: "Undo accept",
    accept: ({ count }) => `Accept the ${rowsOf(count)} unchanged`,
    restore: ({ count }) => `Restore the original ${rowsOf(count)}`,
    selected: ({ count }) => (count > 1 ? `These ${count} rows` : "The row"),
    discardWithReason: "Discard with a reason",
    reason: "For example: a test sale",
    discard: ({ count }) => `Discard the ${rowsOf(count)}`,
    discardProblem: ({ count }) => `Discard all ${number(count)} with this problem`,
    discardValue: ({ count, value }) => `Discard all ${number(count)} where it is “${value}”`,
    acceptProblem: ({ count }) => `Accept all ${number(count)} with this problem`,
  };

  const saving = {
    saving: "Saving…",
    saved: "All changes saved",
    notSaved: "Not saved",
    notSavedYet: "Not saved yet",
    silent: "The server does not respond. Keep this page open: your edits are sent when it responds again.",
    notAnswered: "The server does not respond. Your earlier edits are saved. Try again in a moment.",
    signedOut: "You are signed out. Sign in again to continue.",
    keepOpen: "You are signed out. Keep this page open: what you typed is saved after you sign in.",
    signIn: "Sign in and save",
    conflict: ({ line, column, login, theirs, yours }) => `Line ${line}, ${column}: ${login} wrote “${theirs}”, you wrote “${yours}”.`,
    useMine: "Use mine",
    keepTheirs: "Keep theirs",
  };

  const was = (count) => (count === 1 ? "was" : "were");

  const grid = {
    rowsLeftOut: ({ count }) => `${many(count, "pasted row")} did not fit on this page and ${was(count)} left out. Go to the next page and paste the rest there.`,
    columnsLeftOut: ({ count }) => `${many(count, "pasted column")} did not fit beside the last column and ${was(count)} left out.`,
    progress({ accepted, waiting, discarded, away, still, touched, others }) {
      const parts = [`${number(accepted)} of ${many(waiting, "row")} would be accepted`];
      if (discarded) parts.push(`${number(discarded)} discarded`);
      if (away) parts.push(`${many(away, "row")} submitted and being read`);
      if (still) parts.push(`${number(still)} changed but still rejected`);
      if (!touched) parts.push("no edits yet");
      return `${parts.join(" · ")}.${others.map((one) => ` ${one.who} is also editing (${many(one.steps, "step")}).`).join("")}`;
    },
    allProblems: "All problems",
    problem: ({ title, column, left, rows: all }) => `${title}${column ? ` in ${column}` : ""}: ${number(left)} of ${number(all)} left`,
    page: ({ page, pages, rows: all }) => `Page ${page} of ${pages}, ${many(all, "row")}`,
    noneLeft: "No errors are left on this page. You can submit your fixes.",
    wouldChange: ({ cells }) => (cells ? `${many(cells, "cell")} would change.` : "No cell would change."),
  };

  const submitting = {
    submit: ({ count }) => (count ? `Submit ${many(count, "fix", "fixes")}` : "Submit fixes"),
    preparing: "Preparing the preview…",
    submitted: ({ accepted, discarded }) => `${many(accepted + discarded, "row")} will be submitted: ${number(accepted)} corrected or accepted, ${number(discarded)} discarded.`,
    rejectedAgain: ({ count }) => `${many(count, "row")} of them would be rejected again because they conflict with other sales.`,
    still: ({ count }) => `${many(count, "row")} that you changed ${count === 1 ? "is" : "are"} still rejected and ${count === 1 ? "stays" : "stay"} in the draft.`,
    receipt: (counts) => `The receipt would show: ${number(counts.read)} read = ${number(counts.new)} new + ${number(counts.corrected)} corrected + ${number(counts.duplicate)} duplicates + ${number(counts.quarantined)} to fix + ${number(counts.blank)} blank + ${number(counts.ignored)} ignored.`,
  };

  texts.corrections = { rows, panel, saving, grid, submitting };
})();
