// The frame of every page: menus that close, windows, colours, keys, forms that are sent once.
(() => {
  "use strict";

  const menus = "details[data-menu][open], details.person[open], details.choice[open]";

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(menus)) if (!menu.contains(event.target)) menu.open = false;
    const opener = event.target.closest("[data-dialog]");
    if (opener) open(document.getElementById(opener.dataset.dialog), opener);
    if (event.target instanceof HTMLDialogElement) event.target.close(); // beside its content: on the backdrop
  });

  function open(dialog, opener = document.activeElement) {
    if (!dialog || dialog.open) return;
    const menu = opener.closest("details[data-menu]");
    dialog.addEventListener("close", () => {
      const back = menu ? menu.querySelector("summary") : opener;
      if (back && back.isConnected) back.focus();
    }, { once: true });
    if (menu) menu.open = false;
    dialog.showModal();
  }

  function closeMenus() {
    for (const menu of document.querySelectorAll(menus)) {
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside) menu.querySelector("summary").focus();
    }
  }

  // A menu stays within the page: moved sideways as far as it would go beyond an edge. The event does not bubble.
  document.addEventListener("toggle", ({ target }) => {
    const menu = target.matches?.("main :is(details[data-menu], details.choice)[open]") && target.querySelector(":scope > .menu");
    if (!menu) return;
    menu.style.translate = "";
    const [box, page] = [menu.getBoundingClientRect(), target.closest("main").getBoundingClientRect()];
    const [left, right] = [Math.max(8, page.left), Math.min(document.documentElement.clientWidth - 8, page.right)];
    const over = Math.max(0, box.right - right);
    const moved = Math.max(left - box.left, -over);
    if (moved) menu.style.translate = `${moved}px`;
  }, true);

  // Chosen without loading the page anew: a form may be half filled in.
  for (const form of document.querySelectorAll("[data-themes]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const chosen = event.submitter;
      const body = new FormData(form, chosen);
      for (const one of form.querySelectorAll(`button[name="${chosen.name}"]`)) one.setAttribute("aria-pressed", String(one === chosen));
      if (chosen.name === "theme") document.getElementById("dark").media = chosen.dataset.media;
      document.documentElement.dataset[chosen.name] = chosen.value; // charts watch the theme, and read the colours anew
      await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    });
  }

  // A double click does not do a thing twice: a form is sent again only once its answer is late, or after Back. Forms
  // that change nothing are repeatable: a download, after which the page stays, may follow another one at once.
  const LATE = 10_000;
  const sent = new Map();
  const release = (form) => { sent.delete(form); form.removeAttribute("aria-busy"); };
  // On the window: the scripts of pages, which may send a form themselves, come first.
  window.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[data-repeatable]")) return;
    if (sent.has(form)) { event.preventDefault(); return; }
    sent.set(form, setTimeout(release, LATE, form));
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => sent.forEach((timer, form) => { clearTimeout(timer); release(form); }));

  const never = -Infinity; // not 0: the time stamps of a page begin at 0
  let going = never;
  let left = never;
  // Whether another page is on its way: this one must not load itself in between, or the reader's click goes nowhere.
  // Not for ever: a download leaves the page where it is.
  const ARRIVES = 60_000;
  globalThis.isBeingLeft = () => performance.now() - left < ARRIVES;
  window.addEventListener("beforeunload", () => { left = performance.now(); });
  window.addEventListener("pageshow", () => { left = never; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return closeMenus();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined;
    if (event.target.closest("input, select, textarea, [contenteditable], [role=grid], dialog[open]")) return undefined;
    if (event.key === "/") return find(event);
    if (event.key === "?") return open(document.getElementById("shortcuts"));
    if (event.timeStamp - going < 1500) {
      going = never;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
    } else if (event.key === "g") going = event.timeStamp;
    return undefined;
  });

  // The search of everything; where there is none, the list's own.
  function find(event) {
    const field = document.getElementById("find") || document.querySelector("main input[type=search]");
    if (!field) return;
    event.preventDefault();
    const side = field.closest("[popover]");
    if (side && !field.checkVisibility()) side.showPopover();
    field.focus();
    field.select();
  }

  for (const one of document.querySelectorAll("[data-dialog]")) one.hidden = false;
  for (const one of document.querySelectorAll("[data-print]")) {
    one.hidden = false;
    one.addEventListener("click", () => { closeMenus(); window.print(); });
  }

  // The tab of this page is in view, also where the tabs are wider than the screen.
  const tab = document.querySelector(".entry-tabs [aria-current]");
  const tabs = tab?.closest("ul");
  if (tabs) tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
})();
