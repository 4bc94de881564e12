// Loads the tiles of the dashboard when they come near the view, again after a fault, and again while the page stays open.
(() => {
  "use strict";

  const EVERY = 5 * 60 * 1000;
  // From now on the server sends the page without its tiles: they come by themselves.
  document.cookie = "tiles=apart; path=/; max-age=31536000; samesite=lax";

  const tiles = [...document.querySelectorAll("[data-tile]")];
  const failed = document.getElementById("tile-failed");
  const notify = (tile) => document.dispatchEvent(new CustomEvent("tile", { detail: tile }));

  function show(tile, html) {
    const body = tile.querySelector(".tile-body");
    const open = [...body.querySelectorAll("details")].map((one) => one.open);
    const inside = body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const height = body.offsetHeight;
    body.innerHTML = html;
    if (body.querySelector("[data-chart]")) {
      // What follows stays in its place while the chart is drawn.
      body.style.minHeight = `${height}px`;
      setTimeout(() => { body.style.minHeight = ""; }, 500);
    }
    [...body.querySelectorAll("details")].forEach((one, at) => { one.open = Boolean(open[at]); });
    if (inside !== null) [...body.querySelectorAll("a")].find((one) => one.getAttribute("href") === inside)?.focus();
    delete tile.dataset.empty;
    document.dispatchEvent(new CustomEvent("fresh", { detail: body }));
    notify(tile);
  }

  function wrong(tile) {
    // What is shown already stays: old figures are better than none.
    if (!isEmpty(tile)) return;
    const body = tile.querySelector(".tile-body");
    body.replaceChildren(failed.content.cloneNode(true));
    body.querySelector("[data-retry]").addEventListener("click", (event) => {
      event.preventDefault();
      load(tile);
    });
  }

  async function load(tile) {
    tile.setAttribute("aria-busy", "true");
    try {
      const first = tile === tiles[0] ? "high" : "auto";
      const answer = await fetch(tile.dataset.tile, { headers: { Accept: "text/html" }, priority: first });
      if (answer.redirected) location.reload();
      else if (answer.ok) show(tile, await answer.text());
      else wrong(tile);
    } catch {
      wrong(tile);
    }
    tile.removeAttribute("aria-busy");
  }

  let at = Date.now();
  const isEmpty = (tile) => "empty" in tile.dataset;
  const loadAll = () => { at = Date.now(); return Promise.all(tiles.filter((tile) => !isEmpty(tile)).map(load)); };
  const due = () => { if (!document.hidden && Date.now() - at >= EVERY) loadAll(); };

  const near = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter((one) => one.isIntersecting)) {
      near.unobserve(target);
      load(target);
    }
  }, { rootMargin: "300px" });
  for (const tile of tiles) if (isEmpty(tile)) near.observe(tile); else notify(tile);

  // Paper shows every tile, and waits for nothing: those that are not loaded are requested in place.
  addEventListener("beforeprint", () => {
    for (const tile of tiles.filter(isEmpty)) {
      near.unobserve(tile);
      const request = new XMLHttpRequest();
      request.open("GET", tile.dataset.tile, false);
      request.setRequestHeader("Accept", "text/html");
      request.send();
      if (request.status === 200) show(tile, request.responseText);
    }
  });
  // After a settlement: the tiles in view now, the others when they come near.
  document.addEventListener("settled", ({ detail: work }) => {
    at = Date.now();
    for (const tile of tiles.filter((one) => !isEmpty(one))) {
      const { top, bottom } = tile.getBoundingClientRect();
      if (top < innerHeight && bottom > 0) work.push(load(tile));
      else near.observe(tile);
    }
  });
  setInterval(due, 10_000);
  document.addEventListener("visibilitychange", due);
  document.addEventListener("refresh", loadAll);
})();
