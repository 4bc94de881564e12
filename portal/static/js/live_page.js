// The live page: shows each sale once, in the order in which they were counted, and resumes where it was.
(() => {
  "use strict";

  const page = document.getElementById("live");
  const rows = document.getElementById("live-rows");
  const unsettled = document.getElementById("live-unsettled");
  const note = document.getElementById("live-note");
  const today = document.getElementById("live-today");
  const state = document.getElementById("live-state");
  const news = document.getElementById("live-news");
  const pause = document.getElementById("live-pause");
  const title = document.title;
  const most = Number(page.dataset.most);
  const ANNOUNCE = 10_000;
  const HIDDEN = 15_000;
  const locale = document.documentElement.dataset.locale || undefined;
  const ages = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "narrow" });
  let known = page.dataset.known;
  let paused = false;
  let unseen = 0;
  let unspoken = 0;
  let source;
  let timer;

  function tell(name) {
    state.textContent = texts.live[name];
    state.classList.toggle("connected", name === "connected");
    state.classList.toggle("lost", name === "lost");
  }

  function age(element) {
    const seconds = Math.round((Date.now() - new Date(element.dataset.at)) / 1000);
    if (seconds < 60) return seconds < -60 ? "" : texts.live.now;
    if (seconds < 3600) return ages.format(-Math.floor(seconds / 60), "minute");
    if (seconds < 86_400) return ages.format(-Math.floor(seconds / 3600), "hour");
    return ages.format(-Math.floor(seconds / 86_400), "day");
  }

  function writeAges() {
    for (const one of document.querySelectorAll(".age")) {
      const text = age(one);
      if (one.textContent !== text) one.textContent = text;
    }
  }

  function fresh(html, tag) {
    const holder = document.createElement(tag);
    holder.innerHTML = html;
    document.dispatchEvent(new CustomEvent("fresh", { detail: holder }));
    return holder;
  }

  // Rows above the reader grow: what is read stays where it is.
  function keepPlace(change) {
    const box = rows.getBoundingClientRect();
    const anchor = box.top < 0 ? [...rows.rows].find((row) => row.getBoundingClientRect().top >= 0) : undefined;
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (anchor?.isConnected) scrollBy(0, anchor.getBoundingClientRect().top - before);
  }

  function bodyOf(html) {
    const arrived = document.createElement("table").createTBody();
    arrived.innerHTML = html;
    document.dispatchEvent(new CustomEvent("fresh", { detail: arrived }));
    return arrived;
  }

  function count(sales) {
    if (rows.rows.length || unsettled.rows.length) {
      document.getElementById("live-list").hidden = false;
      document.getElementById("live-empty")?.remove();
    }
    unspoken += sales;
    if (document.hidden) {
      unseen += sales;
      if (unseen) document.title = texts.live.title({ count: unseen, title });
    }
    writeAges();
  }

  // Sales that are not in the ledger yet: all of them each time.
  function showUnsettled({ rows: html, note: text }) {
    const shown = new Set([...unsettled.rows, ...rows.rows].map((row) => row.dataset.sale));
    const arrived = [...bodyOf(html).rows];
    const added = arrived.filter((row) => !shown.has(row.dataset.sale));
    for (const row of added) row.classList.add("new");
    keepPlace(() => unsettled.replaceChildren(...arrived));
    note.textContent = text;
    count(added.length);
  }

  function showSales({ rows: html, whole }) {
    const arrived = bodyOf(html);
    const before = new Set([...unsettled.rows].map((row) => row.dataset.sale));
    const shown = new Map([...rows.rows].map((row) => [row.dataset.sale, row]));
    let added = 0;
    keepPlace(() => {
      const incoming = [...arrived.rows];
      for (const row of incoming) {
        if (!shown.has(row.dataset.sale) && !before.has(row.dataset.sale)) added += 1;
        shown.get(row.dataset.sale)?.remove();
        row.classList.add("new");
      }
      if (whole) rows.replaceChildren(...incoming);
      else rows.prepend(...incoming);
      while (rows.rows.length > most) rows.lastElementChild.remove();
    });
    count(added);
  }

  function showToday(html) {
    if (today.contains(document.activeElement)) return;
    today.replaceChildren(...fresh(html, "div").childNodes);
  }

  function close() {
    source?.close();
    source = undefined;
  }

  function listen(once) {
    close();
    if (paused) return;
    const address = new URL(page.dataset.events, location.href);
    address.searchParams.set("known", known);
    const revision = document.querySelector("[data-bell]")?.dataset.revision;
    if (revision) address.searchParams.set("alerts", revision);
    if (once) address.searchParams.set("once", "1");
    source = new EventSource(address);
    source.addEventListener("open", () => tell("connected"));
    source.addEventListener("error", () => {
      if (once) close();
      else if (source?.readyState === EventSource.CLOSED) again();
      else if (source) setTimeout(() => { if (source?.readyState !== EventSource.OPEN && !paused) tell("lost"); }, 3000);
    });
    source.addEventListener("alerts", () => document.dispatchEvent(new Event("alerts")));
    source.addEventListener("today", (event) => showToday(JSON.parse(event.data).today));
    source.addEventListener("unsettled", (event) => showUnsettled(JSON.parse(event.data)));
    source.addEventListener("sales", (event) => {
      const parts = JSON.parse(event.data);
      known = event.lastEventId;
      showSales(parts);
      if (once) close();
    });
  }

  // A browser does not connect again by itself after an answer that is not a stream.
  function again() {
    tell("lost");
    clearTimeout(timer);
    timer = setTimeout(attend, 5000);
  }

  // A browser has few connections to one server: a hidden page asks now and then and holds none.
  function attend() {
    clearTimeout(timer);
    if (paused) return;
    listen(document.hidden);
    if (document.hidden) timer = setTimeout(attend, HIDDEN);
    else {
      unseen = 0;
      document.title = title;
    }
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? texts.live.resume : texts.live.pause;
    pause.setAttribute("aria-pressed", String(paused));
    if (paused) {
      clearTimeout(timer);
      close();
      tell("paused");
    } else {
      tell("connecting");
      attend();
    }
  });
  setInterval(() => {
    if (unspoken && !document.hidden) news.textContent = texts.live.news({ count: unspoken });
    if (!document.hidden) unspoken = 0;
  }, ANNOUNCE);
  setInterval(writeAges, 15_000);
  document.addEventListener("visibilitychange", attend);
  addEventListener("pagehide", () => { clearTimeout(timer); close(); });
  addEventListener("pageshow", attend);
  tell("connecting");
  writeAges();
})();
