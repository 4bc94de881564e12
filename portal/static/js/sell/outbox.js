// Sends the unsent sales of one user, in order, one tab at a time, whenever the server can be reached. A sale leaves the
// outbox only when the server has answered for it, so a lost answer leads to a second request, which changes nothing.
(() => {
  "use strict";

  const { database, Outcomes } = globalThis.sell;
  const LOCK = "tillstream-sell-outbox";
  const SALES = 50;
  const BYTES = 1000000;
  const PATIENCE = 30000;
  const SOON = 3000;
  const LATE = 60000;

  // Without locks (a page that is not secure) two tabs may send a sale twice, which the server counts once.
  const alone = (work) => (navigator.locks ? navigator.locks.request(LOCK, work) : work());

  // The first sales that fit into one request.
  function batch(records) {
    let size = 0;
    return records.slice(0, SALES).filter((record, at) => { size += new Blob([JSON.stringify(record.payload)]).size; return at === 0 || size <= BYTES; });
  }

  class Outbox extends EventTarget {
    constructor(login, addresses) {
      super();
      Object.assign(this, { login, addresses, state: "idle", wait: SOON, timer: 0, running: null });
      this.outcomes = new Outcomes(login, addresses.outcomes);
      this.channel = new BroadcastChannel(LOCK);
      this.channel.addEventListener("message", (event) => { if (event.data === login) this.dispatchEvent(new Event("change")); });
    }

    // The reasons to try: now, after a while, when a network comes, and when the page is looked at again.
    start() {
      addEventListener("online", () => this.flush());
      document.addEventListener("visibilitychange", () => { if (!document.hidden) this.flush(); });
      return this.flush();
    }

    async add(sale, form, replaces) {
      const record = await database.add(this.login, sale, form, replaces);
      this.changed();
      this.wait = SOON;
      this.flush();
      return record;
    }

    async discard(order) {
      await database.remove(order);
      this.changed();
    }

    changed() {
      this.dispatchEvent(new Event("change"));
      this.channel.postMessage(this.login);
    }

    become(state) {
      if (this.state === state) return;
      this.state = state;
      this.dispatchEvent(new Event("change"));
    }

    flush() {
      clearTimeout(this.timer);
      this.running ??= alone(() => this.send()).catch(() => "failed").then((state) => {
        this.running = null;
        this.become(state);
        this.again(state);
        return state;
      });
      return this.running;
    }

    again(state) {
      this.wait = state === "idle" ? SOON : Math.min(this.wait * 2, LATE);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.flush(), this.wait * (0.75 + Math.random() / 2));
    }

    // idle: all is sent; away: no answer; signed-out; other-user; failed: an answer that is no result.
    async send() {
      for (;;) {
        const unsent = batch((await database.all(this.login)).filter((record) => record.state === "unsent"));
        if (!unsent.length) {
          if (this.outcomes.isDue) await this.follow();
          return "idle";
        }
        const session = await this.session();
        if (!session) return "away";
        if (session.login !== this.login) return session.login ? "other-user" : "signed-out";
        const results = await this.post(unsent.map((record) => record.payload), session.token);
        if (!Array.isArray(results)) return results;
        for (const [at, record] of unsent.entries()) {
          const accepted = results[at].status === "accepted";
          await database.mark(record.order, accepted ? "sent" : "refused", results[at].detail);
        }
        await database.tidy(this.login);
        this.outcomes.soon();
        this.changed();
      }
    }

    // Reads what became of sent sales, if this user is signed in.
    async follow() {
      const session = await this.session();
      if (session?.login === this.login && await this.outcomes.refresh()) this.changed();
    }

    async session() {
      const answer = await fetch(this.addresses.session, { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
      return answer?.ok ? answer.json().catch(() => null) : null;
    }

    // The results of these sales, or the state that keeps them unsent.
    async post(sales, token) {
      const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token };
      const answer = await fetch(this.addresses.send, { method: "POST", headers, body: JSON.stringify({ sales }), redirect: "error", signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
      if (!answer) return "away";
      if (answer.status === 401) return "signed-out";
      if (!answer.ok) return answer.status >= 500 || answer.status === 429 ? "away" : "failed";
      const { results } = await answer.json();
      return results?.length === sales.length ? results : "failed";
    }
  }

  globalThis.sell.Outbox = Outbox;
})();
