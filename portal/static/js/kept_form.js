// After a form was refused, it has what was entered again: on the page that comes back, or on the page before one that
// only reports the error. The browser keeps the values for this tab until the next page without an error.
(() => {
  "use strict";

  const KEY = "entered";
  const SKIPPED = new Set(["hidden", "password", "file", "submit", "button", "reset", "fieldset", "output"]);
  // Hidden fields that are others whenever the page is loaded, or after the change of another person.
  const OF_EACH_PAGE = /^(csrf_token|version|movement|was\|.*)$/;

  function controls(form) {
    return [...form.elements].filter((one) => one.name && !one.disabled && !SKIPPED.has(one.type));
  }

  // Boxes of a list have one name: the row of each is its value.
  const nameOf = (one) => (one.type === "checkbox" || one.type === "radio" ? `${one.name} ${one.value}` : one.name);

  function valueOf(one) {
    if (one.type === "checkbox" || one.type === "radio") return one.checked;
    return one.multiple ? [...one.selectedOptions].map((option) => option.value) : one.value;
  }

  // Whether the person changed it: what the server filled in may be newer on the page that comes back.
  function isChanged(one) {
    if (one.type === "checkbox" || one.type === "radio") return one.checked !== one.defaultChecked;
    if (!one.options) return one.value !== one.defaultValue;
    const first = [...one.options].some((option) => option.defaultSelected) || one.multiple ? null : one.options[0];
    return [...one.options].some((option) => option.selected !== (option.defaultSelected || option === first));
  }

  function enter(one, value) {
    if (JSON.stringify(valueOf(one)) === JSON.stringify(value)) return;
    if (one.type === "checkbox" || one.type === "radio") one.checked = value;
    else if (one.multiple) for (const option of one.options) option.selected = value.includes(option.value);
    else one.value = value;
    for (const name of ["input", "change"]) one.dispatchEvent(new Event(name, { bubbles: true }));
  }

  const path = (address) => new URL(address).pathname;

  // The forms of the page that differ from this one in what people enter only.
  function alike(action, hidden) {
    const forms = [...document.forms].filter((one) => one.method === "post" && path(one.action) === path(action));
    return forms.filter((one) => hiddenOf(one) === hidden);
  }

  function hiddenOf(form) {
    const inputs = [...form.elements].filter((one) => one.type === "hidden" && !OF_EACH_PAGE.test(one.name));
    return JSON.stringify(inputs.map((one) => [one.name, one.value]));
  }

  // Whether the page has the form, with the same fields and rows.
  function restore({ action, hidden, at, values }) {
    const form = alike(action, hidden)[at];
    if (!form) return false;
    const entered = controls(form);
    const same = entered.length === values.length && entered.every((one, number) => nameOf(one) === values[number][0]);
    if (same) entered.forEach((one, number) => { if (values[number].length > 1) enter(one, values[number][1]); });
    return same;
  }

  // On the window: after the scripts of pages, which may send a form themselves.
  window.addEventListener("submit", ({ target: form, defaultPrevented, submitter }) => {
    if (defaultPrevented || form.method !== "post") return;
    const values = controls(form).map((one) => (isChanged(one) ? [nameOf(one), valueOf(one)] : [nameOf(one)]));
    const { action } = form;
    const hidden = hiddenOf(form);
    const kept = {
      page: location.pathname + location.search,
      address: submitter?.hasAttribute("formaction") ? submitter.formAction : action,
      action, hidden, at: alike(action, hidden).indexOf(form), values,
    };
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      sessionStorage.removeItem(KEY); // more than the browser keeps
    }
  });

  const keptForm = () => JSON.parse(sessionStorage.getItem(KEY));

  function noteFailure(kept) {
    if (location.href === kept?.address) sessionStorage.setItem(KEY, JSON.stringify({ ...kept, failed: true }));
  }

  // The page of an error waits for this script: its link back can be clicked as soon as it is visible.
  if (document.documentElement.hasAttribute("data-failed")) {
    noteFailure(keptForm());
    return;
  }

  // After the scripts of pages, which may hear of the values.
  document.addEventListener("DOMContentLoaded", () => {
    const kept = keptForm();
    if (!kept) return;
    if (document.querySelector("[data-failed]") && !restore(kept)) {
      noteFailure(kept);
      return;
    }
    sessionStorage.removeItem(KEY);
    if (kept.failed && kept.page === location.pathname + location.search) restore(kept);
  });
})();
