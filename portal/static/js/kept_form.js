// After a form was refused, it has what was entered again: on the page that comes back, or on the page before one that
// only reports the error. The browser keeps the values for this tab until the next page without an error.
(() => {
  "use strict";

  const KEY = "entered";
  const SKIPPED = new Set(["hidden", "file", "submit", "button", "reset", "fieldset", "output"]);

  function controls(form) {
    return [...form.elements].filter((one) => one.name && !one.disabled && !SKIPPED.has(one.type));
  }

  // Boxes of a list have one name: the row of each is its value.
  const nameOf = (one) => (one.type === "checkbox" || one.type === "radio" ? `${one.name} ${one.value}` : one.name);

  function valueOf(one) {
    if (one.type === "checkbox" || one.type === "radio") return one.checked;
    return one.multiple ? [...one.selectedOptions].map((option) => option.value) : one.value;
  }

  function enter(one, value) {
    if (JSON.stringify(valueOf(one)) === JSON.stringify(value)) return;
    if (one.type === "checkbox" || one.type === "radio") one.checked = value;
    else if (one.multiple) for (const option of one.options) option.selected = value.includes(option.value);
    else one.value = value;
    for (const name of ["input", "change"]) one.dispatchEvent(new Event(name, { bubbles: true }));
  }

  const path = (address) => new URL(address).pathname;

  // Whether the page has the form, with the same fields and rows.
  function restore({ action, values }) {
    const form = [...document.forms].find((one) => one.method === "post" && path(one.action) === path(action));
    if (!form) return false;
    const entered = controls(form);
    const same = entered.length === values.length && entered.every((one, at) => nameOf(one) === values[at][0]);
    if (same) entered.forEach((one, at) => enter(one, values[at][1]));
    return same;
  }

  // On the window: after the scripts of pages, which may send a form themselves.
  window.addEventListener("submit", ({ target: form, defaultPrevented }) => {
    if (defaultPrevented || form.method !== "post" || form.querySelector("input[type=password]")) return;
    const values = controls(form).map((one) => [nameOf(one), valueOf(one)]);
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ page: location.pathname + location.search, action: form.action, values }));
    } catch {
      sessionStorage.removeItem(KEY); // more than the browser keeps
    }
  });

  // After the scripts of pages, which may hear of the values.
  document.addEventListener("DOMContentLoaded", () => {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (!kept) return;
    if (document.querySelector("[data-failed]") && !restore(kept)) {
      if (location.href === kept.action) sessionStorage.setItem(KEY, JSON.stringify({ ...kept, failed: true }));
      return;
    }
    sessionStorage.removeItem(KEY);
    if (kept.failed && kept.page === location.pathname + location.search) restore(kept);
  });
})();
