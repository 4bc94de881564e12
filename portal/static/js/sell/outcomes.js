// Reads what became of sales after the server had accepted them: counted, or kept for review.
(() => {
  "use strict";

  const { database } = globalThis.sell;
  const PAGES = 20;
  const PATIENCE = 30000;
  const SETTLING = 60 * 60 * 1000;
  const OFTEN = 2000;
  const RARELY = 5 * 60 * 1000;
  const MOST = 60000;

  class Outcomes {
    constructor(login, address) { Object.assign(this, { login, address, key: `outcomes|${login}`, next: 0, wait: OFTEN }); }

    // Sales that are sent from now on have outcomes after this position.
    static async begin(login, position) {
      const key = `outcomes|${login}`;
      if (position && !await database.fact(key)) await database.keep(key, position);
    }

    // Soon: sales were sent just now.
    soon() { Object.assign(this, { next: Date.now() + OFTEN, wait: OFTEN }); }

    get isDue() { return Date.now() >= this.next; }

    // Reads on; whether a record changed. The next time is soon while a sale has no outcome yet, else later.
    async refresh() {
      const changed = await this.read().catch(() => 0);
      const records = await database.all(this.login);
      const fresh = records.some((one) => one.state === "sent" && !one.outcome && Date.now() - new Date(one.at).getTime() < SETTLING);
      this.wait = fresh ? Math.min(this.wait * 1.5, MOST) : RARELY;
      this.next = Date.now() + this.wait;
      return changed > 0;
    }

    async read() {
      let changed = 0;
      for (let page = 0; page < PAGES; page += 1) {
        const since = await database.fact(this.key) ?? "";
        const answer = await fetch(`${this.address}?${new URLSearchParams({ since })}`, { headers: { Accept: "application/json" }, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
        if (!answer.ok) break;
        const { outcomes, next } = await answer.json();
        if (next === since) break;
        changed += await database.decide(this.login, outcomes, this.key, next);
      }
      return changed;
    }
  }

  globalThis.sell.Outcomes = Outcomes;
})();
