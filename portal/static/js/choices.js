// Lists of values: found by typing, and narrowed by what is chosen in the other lists of their form. A select with
// data-search becomes such a list.
(() => {
  "use strict";

  const NOT_NARROWING = "status";

  // The values chosen in the other lists of the form: filter → values.
  function others(choice) {
    const query = new URLSearchParams();
    for (const other of choice.closest("form").querySelectorAll("[data-filter]")) {
      const { filter } = other.dataset;
      if (other === choice || filter === choice.dataset.filter || filter === NOT_NARROWING) continue;
      for (const one of other.querySelectorAll("input:checked")) query.append(filter, one.value);
    }
    return query.toString();
  }

  function labelled(label) { return label.querySelector(".name").textContent; }

  function listValues(choice) {
    const box = choice.querySelector("input[type=search]");
    const offered = choice.querySelector(".offered");
    const options = [...choice.querySelectorAll(".offered label")];
    let narrowed = others(choice);
    let fresh = offered.querySelector("label") !== null;
    let waiting;
    let requests = 0;
    box.hidden = false;

    async function find() {
      const mine = ++requests;
      narrowed = others(choice);
      const query = [`q=${encodeURIComponent(box.value)}`, narrowed].filter(Boolean).join("&");
      const answer = await fetch(`${choice.dataset.values}?${query}`).catch(() => undefined);
      if (!answer?.ok || answer.redirected || mine !== requests) return;
      fresh = true;
      const results = document.createElement("template");
      results.innerHTML = await answer.text();
      for (const one of results.content.querySelectorAll("input")) one.name = choice.dataset.name;
      // What is ticked stays, whatever is looked for.
      const ticked = [...offered.querySelectorAll("input:checked")];
      const there = new Set(ticked.map((one) => one.value));
      const found = [...results.content.children].filter((one) => !there.has(one.querySelector("input")?.value));
      const held = offered.contains(document.activeElement) ? document.activeElement.value : null;
      offered.replaceChildren(...ticked.map((one) => one.closest("label")), ...found);
      // Late results must not take the focus from the choice that a key is about to tick.
      if (held !== null) [...offered.querySelectorAll("input")].find((one) => one.value === held)?.focus();
    }

    // The values of a select are all in the page.
    function findHere() {
      const wanted = box.value.trim().toLowerCase();
      for (const one of options) one.hidden = !one.textContent.toLowerCase().includes(wanted);
    }

    const look = choice.dataset.values ? find : findHere;
    box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, 150); });
    box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    const summary = choice.querySelector("summary");

    function showChoices() {
      if (!choice.open) return;
      box.focus();
      if (choice.dataset.values && (!fresh || narrowed !== others(choice))) find();
    }
    choice.addEventListener("toggle", showChoices);
    // The toggle event comes a moment later; what is typed until then belongs in the box.
    summary.addEventListener("click", (event) => {
      event.preventDefault();
      choice.open = !choice.open;
      showChoices();
    });
    choice.addEventListener("keydown", (event) => {
      const inputs = [...offered.querySelectorAll("label:not([hidden]) input")];
      const at = inputs.indexOf(document.activeElement);
      const radio = document.activeElement.type === "radio" ? document.activeElement : undefined;
      if (radio && (event.key === "Enter" || event.key === " ")) {
        if (!radio.checked) radio.click();
        choice.open = false;
        summary.focus();
        event.preventDefault();
      } else if (event.key === "Escape") {
        choice.open = false;
        summary.focus();
        event.stopPropagation();
      } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && choice.open && inputs[0]?.type !== "radio") {
        const next = at + (event.key === "ArrowDown" ? 1 : -1);
        (next < 0 ? box : inputs[Math.min(next, inputs.length - 1)])?.focus();
        event.preventDefault();
      } else if (event.key === "ArrowDown" && document.activeElement === box) {
        (inputs.find((one) => one.checked) ?? inputs[0])?.focus();
        event.preventDefault();
      }
    });
    choice.addEventListener("change", () => {
      const names = [...offered.querySelectorAll("input:checked")].map((one) => labelled(one.closest("label")));
      choice.querySelector("[data-chosen]").textContent = names.join(", ") || choice.dataset.every || "";
    });
    showChoices(); // opened before this script was loaded
  }

  // A long select as a list of radio buttons with a search box; the field keeps its name.
  function ofSelect(select) {
    const label = document.querySelector(`label[for="${select.id}"]`);
    const choice = document.createElement("details");
    choice.className = "choice";
    choice.dataset.name = select.name;
    choice.innerHTML = `<summary class="form-select"><span class="visually-hidden"></span><span data-chosen></span></summary>
      <div class="menu"><input class="form-control" type="search" autocomplete="off"><div class="offered"></div></div>`;
    choice.querySelector(".visually-hidden").textContent = `${label.textContent}: `;
    choice.querySelector("[data-chosen]").textContent = select.selectedOptions[0]?.textContent ?? "";
    const box = choice.querySelector("input");
    box.placeholder = texts.find;
    box.setAttribute("aria-label", texts.findIn({ label: label.textContent }));
    for (const option of select.options) {
      const line = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", className: "form-check-input", name: select.name, value: option.value, checked: option.selected });
      line.append(input, " ", Object.assign(document.createElement("span"), { className: "name", textContent: option.textContent }));
      choice.querySelector(".offered").append(line);
    }
    label.replaceWith(Object.assign(document.createElement("span"), { className: "label", textContent: label.textContent }));
    select.replaceWith(choice);
    choice.addEventListener("click", (event) => {
      if (event.detail && event.target.matches("input[type=radio]")) { choice.open = false; choice.querySelector("summary").focus(); }
    });
    return choice;
  }

  for (const select of document.querySelectorAll("select[data-search]")) ofSelect(select);
  const lists = [...document.querySelectorAll("details.choice")].filter((one) => one.querySelector("input[type=search]"));
  for (const one of lists) listValues(one);
  document.addEventListener("click", (event) => {
    for (const one of lists) if (one.open && !one.contains(event.target) && event.target.isConnected && event.detail) one.open = false;
  });
})();
