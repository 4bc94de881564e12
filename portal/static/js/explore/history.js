// Undo and redo of the choices on Explore: links to the addresses of this tab, also by Ctrl+Z and Ctrl+Shift+Z.
(() => {
  "use strict";

  const KEY = "explore-steps";
  const MOST = 50;
  const undo = document.querySelector("[data-undo]");
  const redo = document.querySelector("[data-redo]");
  if (!undo || !redo) return;

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY)) ?? { steps: [], at: -1 };
    } catch {
      return { steps: [], at: -1 };
    }
  }

  // The page of the table is no choice.
  const args = new URLSearchParams(location.search);
  args.delete("page");
  const here = args.size ? `${location.pathname}?${args}` : location.pathname;
  let { steps, at } = read();
  if (steps[at - 1] === here && steps[at] !== here) at -= 1;
  else if (steps[at + 1] === here && steps[at] !== here) at += 1;
  else if (steps[at] !== here) {
    steps = [...steps.slice(0, at + 1), here].slice(-MOST);
    at = steps.length - 1;
  }
  sessionStorage.setItem(KEY, JSON.stringify({ steps, at }));

  for (const [link, address] of [[undo, steps[at - 1]], [redo, steps[at + 1]]]) {
    link.hidden = false;
    if (address) {
      link.href = address;
      link.removeAttribute("aria-disabled");
    }
  }

  const typed = "input:not([type=checkbox], [type=radio]), textarea, [contenteditable], dialog[open]";
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing || event.target.closest(typed)) return;
    const key = event.key.toLowerCase();
    const link = key === "y" || (key === "z" && event.shiftKey) ? redo : key === "z" ? undo : undefined;
    if (!link) return;
    event.preventDefault();
    if (link.href) link.click();
  });
})();
