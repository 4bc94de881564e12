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
  const MOST_RETRIES = 2;
  // What the page asks for by itself is no reason to ask a person to sign in.
  const UNASKED = new Set(["stamp", "cell"]);
  const signedOut = (answer) => answer.redirected || answer.status === 401;

  class Wire {
    // `on`: silent(true) when the server does not answer and silent(false) when it does again; saving(count of steps
    // on their way); signedOut(), which resolves when the person wants to sign in after all.
    constructor(here, on) { this.on = on; this.here = here; this.version = 0; this.last = Promise.resolve(); this.waiting = 0; }

    async ask(part, args = {}) {
      const query = new URLSearchParams(Object.entries(args).filter(([, value]) => value !== "" && value !== null && value !== false));
      const get = () => fetch(`${this.here}/${part}?${query}`, { headers: { Accept: "application/json" } });
      const answer = await get();
      const again = signedOut(answer) && !UNASKED.has(part) && await globalThis.ensureSignedIn();
      return this.read(again ? await get() : answer);
    }

    // In the order in which they were done; what fails does not stop those after it.
    say(part, data = {}) {
      this.count(1, part);
      const result = this.last.then(() => (data.step?.key ? this.insist(part, data) : this.post(part, data)));
      this.last = result.catch(() => {});
      return result.finally(() => this.count(-1, part));
    }

    count(by, part) {
      this.waiting += by;
      if (part !== "count") this.on.saving(this.waiting);
    }

    // A step with a key may be sent again until it is answered: it is taken once.
    async insist(part, data) {
      for (let missed = false; ; missed = true) {
        try {
          const answer = await this.post(part, data);
          if (missed) this.on.silent(false);
          return answer;
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
          this.on.silent(true);
          await new Promise((done) => { setTimeout(done, AGAIN); });
        }
      }
    }

    // What was typed is never dropped because the session ended: it is sent once the person is signed in again. A
    // server that no longer has the session may miss the token first, and the tab of the sign-in may replace the token
    // that this page has just read, hence two more tries after a 400.
    async post(part, data) {
      for (let tries = 0; ; tries += 1) {
        const answer = await this.send(part, data);
        if (!signedOut(answer) && (tries >= MOST_RETRIES || answer.status !== 400)) return this.read(answer);
        while (!await globalThis.ensureSignedIn()) await this.on.signedOut();
      }
    }

    send(part, data) {
      return fetch(`${this.here}/${part}`, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ version: this.version, ...data }),
      });
    }

    async read(answer) {
      if (signedOut(answer)) throw new Error(texts.corrections.saving.signedOut);
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
