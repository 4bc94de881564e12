// Starts the sale form: finds out whose page it is, keeps what the form needs offline, and puts its parts together.
(() => {
  "use strict";

  const { basket: rules, database, Form, History, Outbox, Outcomes } = globalThis.sell;
  const words = texts.sell;
  const root = document.getElementById("sell");
  const part = (name) => root.querySelector(`[data-part=${name}]`);
  const USER = "tillstream-sell-user";
  const PATIENCE = 10000;
  const CLOCK = 2 * 60 * 1000;

  function problem(text, signIn = false) {
    part("problem").hidden = !text;
    part("problem-text").textContent = text;
    part("sign-in").hidden = !signIn;
  }

  // The page of the server has a user; the page that the device keeps belongs to the one who last opened the first,
  // until they sign out or another person signs in (leave.js).
  function login() {
    const own = document.querySelector("meta[name=login]")?.content;
    if (own) localStorage.setItem(USER, own);
    return own ?? localStorage.getItem(USER);
  }

  // Stores and salespeople of the user: from the server, else as kept. The clock is compared with that of the server.
  async function context(user) {
    const key = `context|${user}`;
    const answer = await fetch(root.dataset.context, { headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(PATIENCE) }).catch(() => null);
    const fresh = answer?.ok ? await answer.json().catch(() => null) : null;
    if (fresh?.login !== user) return database.fact(key);
    await database.keep(key, fresh);
    await Outcomes.begin(user, fresh.outcomes_since);
    const off = Math.abs(Date.now() - new Date(fresh.server_time).getTime());
    return { ...fresh, minutes: off > CLOCK ? Math.round(off / 60000) : 0 };
  }

  async function install() {
    if (!navigator.serviceWorker) return;
    await navigator.serviceWorker.register(root.dataset.worker, { scope: root.dataset.home }).catch(() => null);
    await navigator.storage?.persist?.();
  }

  async function start() {
    const user = login();
    if (!user) { problem(words.nobody, true); return; }
    install();
    const own = await context(user).catch(() => null);
    if (own === null) { problem(words.noStorage); return; }
    if (!own) { problem(words.nobody, true); return; }
    if (own.salesperson === "") { problem(words.noSalesperson); return; }
    if (!own.places.length) { problem(words.noStore); return; }
    own.limits ??= {};
    Object.assign(rules.limits, own.limits);
    const outbox = new Outbox(user, root.dataset);
    const form = new Form(root, own, outbox);
    const history = new History(part("history"), document.querySelector("[data-part=outbox]"), form.actions);
    const draw = () => {
      const signIn = outbox.state === "signed-out" || outbox.state === "other-user";
      problem(words.network[outbox.state] || (own.minutes ? words.clock({ minutes: own.minutes }) : ""), signIn);
      history.draw(user, own.places);
    };
    outbox.addEventListener("change", draw);
    form.addEventListener("place", draw);
    await form.start();
    draw();
    await outbox.start();
    root.dataset.ready = "true";
  }

  start();
})();
