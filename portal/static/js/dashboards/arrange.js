// Arranges the tiles of a dashboard by drag and by keyboard; the menu of each tile does the same without scripts.
(() => {
  "use strict";

  const tiles = document.querySelector("[data-arrange]");
  if (!tiles) return;
  const WIDTHS = ["third", "half", "full"];
  const PARTS = [1 / 3, 1 / 2, 1];
  const status = document.getElementById("arranged");
  const all = () => [...tiles.querySelectorAll(":scope > .tile")];
  const titleOf = (tile) => tile.querySelector("h2").textContent;
  let saved = Promise.resolve();

  // One after the other, so that the last arrangement is the one that is kept.
  function save() {
    const body = new FormData();
    for (const tile of all()) {
      body.append("tile", tile.dataset.id);
      body.append("width", tile.dataset.width);
    }
    saved = saved.then(async () => {
      const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
      const answer = await fetch(tiles.dataset.arrange, { method: "POST", body, headers }).catch(() => undefined);
      if (!answer?.ok) status.textContent = texts.dashboards.failed;
      status.classList.toggle("visually-hidden", Boolean(answer?.ok));
      tiles.dataset.saved = String(Number(tiles.dataset.saved ?? 0) + 1);
    });
  }

  function move(tile, by) {
    const at = all().indexOf(tile);
    const to = at + by;
    if (to < 0 || to >= all().length) return;
    const handle = tile.querySelector("[data-handle]");
    all()[to][by < 0 ? "before" : "after"](tile);
    handle.focus();
    status.textContent = texts.dashboards.moved({ title: titleOf(tile), place: to + 1, count: all().length });
    save();
  }

  function setWidth(tile, width) {
    if (!width || width === tile.dataset.width) return false;
    tile.dataset.width = width;
    const select = tile.querySelector("select[name=width]");
    if (select) select.value = width;
    status.textContent = texts.dashboards.sized({ title: titleOf(tile), width });
    return true;
  }

  const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  tiles.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || !event.target.matches("[data-handle]") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const tile = event.target.closest(".tile");
    if (!event.shiftKey) move(tile, step);
    else if (setWidth(tile, WIDTHS[WIDTHS.indexOf(tile.dataset.width) + step])) save();
  });

  // On the document: a tile that moves in the page loses a captured pointer.
  function follow(event, moved, done) {
    const end = () => {
      document.removeEventListener("pointermove", moved);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      done();
    };
    document.addEventListener("pointermove", moved);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
    event.preventDefault();
  }

  function drag(event, handle) {
    const tile = handle.closest(".tile");
    const before = all().indexOf(tile);
    tile.classList.add("dragged");
    follow(event, ({ clientX, clientY }) => {
      const over = document.elementsFromPoint(clientX, clientY).map((one) => one.closest?.("[data-arrange] > .tile")).find((one) => one && one !== tile);
      if (!over) return;
      const { left, top, width, height } = over.getBoundingClientRect();
      const isRow = all().some((one) => one !== over && one.offsetTop === over.offsetTop);
      const isAfter = isRow ? clientX > left + width / 2 : clientY > top + height / 2;
      const place = isAfter ? over.nextElementSibling : over;
      if (place !== tile && place?.previousElementSibling !== tile) tiles.insertBefore(tile, place);
    }, () => {
      tile.classList.remove("dragged");
      handle.focus();
      const place = all().indexOf(tile);
      if (place === before) return;
      status.textContent = texts.dashboards.moved({ title: titleOf(tile), place: place + 1, count: all().length });
      save();
    });
  }

  function resize(event) {
    const tile = event.target.closest(".tile");
    let isChanged = false;
    follow(event, ({ clientX }) => {
      const part = (clientX - tile.getBoundingClientRect().left) / tiles.clientWidth;
      const nearest = PARTS.reduce((best, one, at) => (Math.abs(one - part) < Math.abs(PARTS[best] - part) ? at : best), 0);
      isChanged = setWidth(tile, WIDTHS[nearest]) || isChanged;
    }, () => { if (isChanged) save(); });
  }

  tiles.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const handle = event.target.closest("[data-handle]");
    if (handle) drag(event, handle);
    else if (event.target.matches("[data-resizer]")) resize(event);
  });
  for (const handle of tiles.querySelectorAll("[data-handle]")) handle.hidden = false;
})();
