// Looks at the numbers again as soon as a settlement lands, and when the reader asks.
(() => {
  "use strict";

  const page = document.querySelector("[data-settled]");
  const button = document.querySelector("[data-refresh]");
  // A page with “no sales yet” has no tiles to reload: load the page again.
  const again = () => (page.dataset.sold ? document.dispatchEvent(new Event("refresh")) : location.reload());
  let known = Number(page.dataset.settled);
  let source;
  let soon;

  // Only the page before the reader's eyes listens: the server has few streams to give.
  function listen() {
    if (document.hidden) {
      source?.close();
      source = undefined;
    } else if (!source) {
      source = new EventSource(`/events?known=${known}`);
      source.addEventListener("settled", (event) => {
        if (Number(event.data) === known) return;
        known = Number(event.data);
        clearTimeout(soon);
        // A load of many files settles many times in a row: the last one is looked at.
        soon = setTimeout(again, 700);
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
