// A count in progress: each scan is sent at once with an ID of its own, and again until the server has it.
(() => {
  "use strict";

  const panel = document.querySelector("[data-count]");
  if (!panel) return;
  const words = texts.stock;
  const TRIES = 3;
  const token = document.querySelector("meta[name=csrf-token]").content;

  globalThis.stock.scanner(panel.querySelector("[data-scan]"), async (product, quantity) => {
    const scan = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const answer = await send(new URLSearchParams({ scan, product: product.code, quantity: String(quantity) }));
    if (answer.problem) return answer.problem;
    await showLines();
    return words.added(answer);
  });

  async function send(body, tries = TRIES) {
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": token };
      const answer = await fetch(panel.dataset.count, { method: "POST", body, headers });
      if (answer.status >= 500) throw new Error(answer.status);
      const json = await answer.json();
      return answer.ok ? json : { problem: json.problem ?? json.detail };
    } catch (error) {
      if (tries <= 1) throw error;
      await new Promise((done) => setTimeout(done, 500));
      return send(body, tries - 1);
    }
  }

  async function showLines() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#count-lines > div");
    if (!fresh) return;
    document.querySelector("#count-lines > div").replaceWith(fresh);
    document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
  }
})();
