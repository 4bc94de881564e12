// The bell, and its link on a phone, are replaced when alerts changed: at once where the page has a stream of events, else once a minute.
(() => {
  "use strict";

  const EVERY = 60_000;

  async function refresh() {
    const bell = document.querySelector("[data-bell]");
    if (!bell || document.hidden || bell.open) return;
    const answer = await fetch(bell.dataset.bell).catch(() => undefined);
    if (!answer?.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-bell]");
    if (!fresh || bell.open) return;
    const face = fresh.querySelector("summary").cloneNode(true);
    document.querySelector("a.bell")?.replaceChildren(...face.childNodes);
    bell.replaceWith(fresh);
    document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
  }

  document.addEventListener("alerts", refresh);
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, EVERY);
})();
