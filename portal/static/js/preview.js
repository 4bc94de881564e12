// The look at a file before it is loaded: an answer is kept as soon as it is given, and the page follows it.
(() => {
  "use strict";

  const part = () => document.getElementById("look") || document.getElementById("questions");

  async function show(answer, focused) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part().id);
    if (!fresh) return false;
    const open = new Set([...part().querySelectorAll("details")].flatMap((one, at) => (one.open ? [at] : [])));
    if (part().querySelectorAll("details").length === fresh.querySelectorAll("details").length) {
      [...fresh.querySelectorAll("details")].forEach((one, at) => { one.open = open.has(at); });
    }
    part().replaceWith(fresh);
    document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
    if (focused) fresh.querySelector(`[name="${CSS.escape(focused.name)}"][value="${CSS.escape(focused.value)}"], [name="${CSS.escape(focused.name)}"]`)?.focus({ preventScroll: true });
    begin();
    return true;
  }

  async function refused(answer, field) {
    const words = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main .lead");
    const place = field.closest("fieldset, .field, td");
    place.querySelector(".error")?.remove();
    const message = Object.assign(document.createElement("p"), { className: "error", role: "alert" });
    message.textContent = words ? words.textContent : "Your answer was not saved. Try again.";
    place.append(message);
  }

  async function keep(form, field) {
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" } });
      const next = document.activeElement?.closest("#questions") ? document.activeElement : field;
      if (answer.ok) await show(answer, next.name ? next : field);
      else await refused(answer, field);
    } catch {
      // the line broke: the answer is still in its field
    }
    form.removeAttribute("aria-busy");
  }

  function begin() {
    for (const form of document.querySelectorAll("[data-answers]")) {
      form.querySelector("[data-update]").hidden = true;
      form.addEventListener("change", (event) => keep(form, event.target));
      form.addEventListener("submit", (event) => { event.preventDefault(); keep(form, document.activeElement); });
    }
    const later = document.querySelector("[data-later]");
    if (later) {
      later.textContent = "Preparing the preview…";
      fetch(later.dataset.later, { headers: { Accept: "text/html" } }).then((answer) => show(answer)).catch(() => {
        later.textContent = "The preview failed. Reload the page.";
      });
    }
  }

  begin();
})();
