// The page for SQL: Ctrl+Enter runs the statement, and a running one can be cancelled.
(() => {
  "use strict";

  const form = document.querySelector("form.sql");
  if (!form) return;
  const stop = form.querySelector("[data-cancel-query]");
  const elapsed = form.querySelector("[data-elapsed]");
  const area = form.querySelector("textarea");
  let timer = 0;
  let repeated = 0;

  function ended() {
    clearInterval(timer);
    clearInterval(repeated);
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
    let preparing = "";
    timer = setInterval(async () => {
      elapsed.textContent = `${Math.round((Date.now() - started) / 1000)} s ${preparing}`;
      const answer = await fetch(form.dataset.progress).catch(() => null);
      preparing = answer?.ok ? (await answer.json()).text : "";
    }, 1000);
  });

  stop.addEventListener("click", () => {
    const body = new FormData();
    body.set("csrf_token", form.elements.csrf_token.value);
    body.set("number", form.elements.number.value);
    const cancel = () => fetch(form.dataset.cancel, { method: "POST", body }).catch(() => {});
    clearInterval(repeated);
    repeated = setInterval(cancel, 1000); // the query may not have started yet
    cancel();
  });

  // The cursor goes to the place of a problem.
  const place = /^Line (\d+), column (\d+): /.exec(document.getElementById("problem")?.textContent ?? "");
  if (place) {
    const before = area.value.split("\n").slice(0, place[1] - 1).join("\n").length + (place[1] > 1);
    area.focus();
    area.setSelectionRange(before + Number(place[2]) - 1, before + Number(place[2]));
  }

  addEventListener("pageshow", (event) => { if (event.persisted) ended(); }); // back from another page
  form.dataset.ready = "";
})();
