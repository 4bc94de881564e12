// The page of a file before it is imported: an answer is saved as soon as it is chosen, and the page follows it.
(() => {
  "use strict";

  const part = () => document.getElementById("look");
  const saving = (words) => { const place = part().querySelector("[data-saved]"); if (place) place.textContent = words; };

  async function show(answer, focused) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("look");
    if (!fresh) return false;
    const name = (one) => `${one.closest("tr")?.querySelector("th")?.textContent}${one.querySelector("summary").textContent}`;
    const open = new Set([...part().querySelectorAll("details[open]")].map(name));
    for (const one of fresh.querySelectorAll("details")) one.open = open.has(name(one));
    carry(fresh);
    part().replaceWith(fresh);
    document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
    if (focused?.name) fresh.querySelector(`[name="${CSS.escape(focused.name)}"][value="${CSS.escape(focused.value)}"], [name="${CSS.escape(focused.name)}"]`)?.focus({ preventScroll: true });
    begin();
    return true;
  }

  // The field's own error stands at the field, until it is changed.
  async function refused(answer, field) {
    const words = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main .lead");
    const place = field.closest(".field, fieldset, td");
    clear(field);
    const id = `${field.id || field.name}-error`;
    place.append(Object.assign(document.createElement("p"), { className: "error", role: "alert", id,
      textContent: words ? words.textContent : texts.preview.answerNotSaved }));
    if (answer.status === 422) field.setAttribute("aria-invalid", "true"); // other reasons are not the answer's
    field.setAttribute("aria-errormessage", id);
    saving(texts.preview.notSaved);
  }

  function clear(field) {
    field.closest(".field, fieldset, td")?.querySelector(":scope > .error")?.remove();
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-errormessage");
  }

  // One answer after the other: each response is the whole page, as it is after its answer.
  let queue = Promise.resolve();
  let underway = 0;
  const unsaved = new Map();

  function keep(field) {
    unsaved.set(field.name, field.value);
    underway += 1;
    queue = queue.then(() => send(field.name, field.value)).finally(() => { underway -= 1; });
  }

  // The button goes on once every answer is saved, and not past an answer that cannot be used.
  function go(event) {
    const unusable = () => part().querySelector("[aria-invalid]");
    if (event.submitter?.name !== "continue" || !(underway || unusable())) return;
    event.preventDefault();
    queue.then(() => (unusable() ? unusable().focus() : part().querySelector("[name=continue]").click()));
  }

  const fieldOf = (name, value) => part().querySelector(`[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`) ?? part().querySelector(`[name="${CSS.escape(name)}"]`);

  async function send(name, value) {
    const form = fieldOf(name, value)?.form;
    if (!form || unsaved.get(name) !== value) return; // no longer open, or answered again
    form.setAttribute("aria-busy", "true");
    saving(texts.preview.saving);
    try {
      const body = new FormData();
      body.append("csrf_token", form.elements.csrf_token.value);
      body.append(name, value);
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      if (unsaved.get(name) === value) unsaved.delete(name);
      const field = fieldOf(name, value);
      const next = document.activeElement?.closest("#questions") ? document.activeElement : field;
      if (!answer.ok) await refused(answer, field);
      else if (await show(answer, next) && !unsaved.size) saving(texts.preview.saved);
    } catch {
      saving(texts.preview.offline);
    }
    form.removeAttribute("aria-busy");
  }

  // What a person enters while an answer is being saved stays in its field.
  function carry(fresh) {
    const entered = new Map(unsaved);
    const typed = document.activeElement;
    if (typed?.matches("#look input:not([type=radio], [type=checkbox])") && typed.value !== typed.defaultValue) entered.set(typed.name, typed.value);
    for (const [name, value] of entered) {
      for (const field of fresh.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (field.type === "radio") field.checked = field.value === value;
        else field.value = value;
      }
    }
  }

  // A value that the list does not have is marked as new while it is typed.
  function mark(field) {
    const known = [...field.list.options].some((one) => one.value === field.value.trim());
    const label = field.labels[0];
    label.querySelector(".badge-state.busy")?.remove();
    if (field.value.trim() && !known) label.append(" ", Object.assign(document.createElement("span"), { className: "badge-state busy", textContent: field.dataset.new }));
  }

  function begin() {
    for (const form of document.querySelectorAll("[data-answers]")) {
      form.querySelector("[data-update]").hidden = true;
      form.addEventListener("submit", go);
      form.addEventListener("change", (event) => { clear(event.target); keep(event.target); });
      form.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
        event.preventDefault(); // Enter saves the field; only the button goes on
        event.target.dispatchEvent(new Event("change", { bubbles: true }));
      });
      for (const field of form.querySelectorAll("[data-new]")) field.addEventListener("input", () => mark(field));
    }
    const later = document.querySelector("[data-later]");
    if (later) {
      later.textContent = texts.preview.preparing;
      fetch(later.dataset.later, { headers: { Accept: "text/html" } }).then((answer) => show(answer)).catch(() => {
        later.textContent = texts.preview.failed;
      });
    }
  }

  function isChanged(field) {
    if (field.tagName === "SELECT") return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
    if (field.type === "radio") return field.checked && !field.defaultChecked;
    return field.value !== field.defaultValue && field !== document.activeElement; // one that is being typed is saved when left
  }

  begin();
  // What was answered before this script was loaded.
  for (const field of document.querySelectorAll("[data-answers] select, [data-answers] input")) if (isChanged(field)) keep(field);
})();
