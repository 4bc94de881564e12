// The fix grid's wire: its requests to the server. Steps are sent one after another, each with the last known version.
globalThis.corrections = {};
(() => {
  "use strict";

  const token = () => document.querySelector("meta[name=csrf-token]").content;

  // Somebody else changed the same rows: `others` says who and what.
  class Clash extends Error {
    constructor(answer) { super(answer.detail); this.others = answer.others; this.version = answer.version; }
  }

  const AGAIN = 2000;

  class Wire {
    // `silent(true)` when the server does not answer, `silent(false)` when it does again.
    constructor(here, silent) { this.silent = silent; this.here = here; this.version = 0; this.last = Promise.resolve(); this.waiting = 0; }

    async ask(part, args = {}) {
      const query = new URLSearchParams(Object.entries(args).filter(([, value]) => value !== "" && value !== null && value !== false));
      return this.read(await fetch(`${this.here}/${part}?${query}`, { headers: { Accept: "application/json" } }));
    }

    // In the order in which they were done; what fails does not stop those after it.
    say(part, data = {}) {
      this.waiting += 1;
      const result = this.last.then(() => (data.step?.key ? this.insist(part, data) : this.post(part, data)));
      this.last = result.catch(() => {});
      return result.finally(() => { this.waiting -= 1; });
    }

    // A step with a key may be sent again until it is answered: it is taken once.
    async insist(part, data) {
      for (let missed = false; ; missed = true) {
        try {
          const answer = await this.post(part, data);
          if (missed) this.silent(false);
          return answer;
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
          this.silent(true);
          await new Promise((done) => { setTimeout(done, AGAIN); });
        }
      }
    }

    async post(part, data) {
      const answer = await this.send(part, data);
      const again = answer.status === 401 && await globalThis.ensureSignedIn();
      return this.read(again ? await this.send(part, data) : answer);
    }

    send(part, data) {
      return fetch(`${this.here}/${part}`, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ version: this.version, ...data }),
      });
    }

    async read(answer) {
      if (answer.redirected || answer.status === 401) throw new Error("You were signed out. Your edits are saved. Sign in again to continue.");
      const body = await answer.json();
      if (answer.status === 409 && body.others) throw new Clash(body);
      if (!answer.ok) throw new Error(body.detail || body.title);
      if (body.version !== undefined) this.version = body.version;
      return body;
    }
  }

  corrections.Wire = Wire;
  corrections.Clash = Clash;
})();
