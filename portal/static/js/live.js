// Looks at the numbers again as soon as a settlement lands, and when the reader asks.
(() => {
  "use strict";

  const page = document.querySelector("[data-settled]");
  const button = document.querySelector("[data-refresh]");
  // A page with “no sales yet” has no tiles to reload: load the page again.
  const again = () => (page.dataset.sold ? document.dispatchEvent(new Event("refresh")) : location.reload());
  const SOON = 700;
  // Pause in ms between two updates by themselves: sales may arrive every second, and the pages of others come first.
  const PAUSE = page.dataset.live ? 2000 : 30_000;
  const SHARE = 10;
  let known = Number(page.dataset.settled);
  let shown = known;
  let source;
  let soon;
  let pauseUntil = 0;

  // A load of many files settles many times in a row: several settlements are looked at together, none is put off for ever.
  function update() {
    soon ??= setTimeout(async () => {
      const began = Date.now();
      const work = [];
      if (page.dataset.sold) {
        shown = known;
        document.dispatchEvent(new CustomEvent("settled", { detail: work }));
      } else if (!globalThis.isBeingLeft()) location.reload();
      await Promise.all(work);
      soon = undefined;
      pauseUntil = Date.now() + Math.max(PAUSE, SHARE * (Date.now() - began));
      if (shown !== known) update();
    }, Math.max(SOON, pauseUntil - Date.now()));
  }

  // Only the page before the reader's eyes listens: the server has few streams to give.
  function listen() {
    if (document.hidden) {
      source?.close();
      source = undefined;
    } else if (!source) {
      const revision = document.querySelector("[data-bell]")?.dataset.revision ?? "";
      source = new EventSource(`/events?known=${known}&alerts=${revision}`);
      source.addEventListener("alerts", () => document.dispatchEvent(new Event("alerts")));
      source.addEventListener("settled", (event) => {
        if (Number(event.data) === known) return;
        known = Number(event.data);
        update();
      });
    }
  }

  async function refresh(event) {
    event.preventDefault();
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.refresh) {
      const token = document.querySelector("meta[name=csrf-token]").content;
      await fetch(button.dataset.refresh, { method: "POST", headers: { "X-CSRFToken": token } }).catch(() => undefined);
    }
    again();
    button.removeAttribute("aria-disabled");
  }

  button.addEventListener("click", refresh);
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => { source?.close(); source = undefined; });
  addEventListener("pageshow", listen);
})();
