// The page for SQL: Ctrl+Enter runs the statement, and a running one can be cancelled.
(() => {
  "use strict";

  const form = document.querySelector("form.sql");
  if (!form) return;
  const stop = form.querySelector("[data-cancel-query]");
  const elapsed = form.querySelector("[data-elapsed]");
  const area = form.querySelector("textarea");
  let timer = 0;

  function ended() {
    clearInterval(timer);
    stop.hidden = true;
    elapsed.textContent = "";
  }

  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });

  form.addEventListener("submit", (event) => {
    form.elements.number.value = crypto.getRandomValues(new Uint32Array(2)).join("-");
    if (event.submitter?.name === "format") return; // the page stays, and the browser shows the download
    const started = Date.now();
    clearInterval(timer);
    stop.hidden = false;
    timer = setInterval(() => { elapsed.textContent = `${Math.round((Date.now() - started) / 1000)} s`; }, 1000);
  });

  stop.addEventListener("click", () => {
    const body = new FormData();
    body.set("csrf_token", form.elements.csrf_token.value);
    body.set("number", form.elements.number.value);
    fetch(form.dataset.cancel, { method: "POST", body });
  });

  addEventListener("pageshow", ended);
})();
