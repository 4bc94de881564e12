// What the device keeps: sales with their states, the numbers of its outboxes, and facts such as price lists. Every
// sale belongs to one user and one store.
(() => {
  "use strict";

  const NAME = "tillstream-sell";
  const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const KEPT = 200;
  let opened = null;

  const result = (request) => new Promise((done, fail) => {
    request.addEventListener("success", () => done(request.result));
    request.addEventListener("error", () => fail(request.error));
  });

  function open() {
    opened ??= new Promise((done, fail) => {
      const request = indexedDB.open(NAME, 1);
      request.addEventListener("upgradeneeded", () => {
        const sales = request.result.createObjectStore("sales", { keyPath: "order", autoIncrement: true });
        sales.createIndex("owner", "owner");
        sales.createIndex("id", "id", { unique: true });
        request.result.createObjectStore("outboxes");
        request.result.createObjectStore("facts");
      });
      request.addEventListener("success", () => {
        request.result.addEventListener("versionchange", () => { request.result.close(); opened = null; });
        done(request.result);
      });
      request.addEventListener("error", () => { opened = null; fail(request.error); });
    });
    return opened;
  }

  // Runs `work` in one transaction, which is on the disk when this resolves.
  async function write(names, work) {
    const transaction = (await open()).transaction(names, "readwrite", { durability: "strict" });
    const finished = new Promise((done, fail) => {
      transaction.addEventListener("complete", done);
      transaction.addEventListener("abort", () => fail(transaction.error));
    });
    const [value] = await Promise.all([work((name) => transaction.objectStore(name)), finished]);
    return value;
  }

  function newDevice() {
    const bytes = crypto.getRandomValues(new Uint8Array(6));
    return [...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join("");
  }

  // The next number W-device-n of the outbox of a user and store.
  async function nextNumber(outboxes, key) {
    const outbox = await result(outboxes.get(key)) ?? { device: newDevice(), next: 1 };
    await result(outboxes.put({ ...outbox, next: outbox.next + 1 }, key));
    return `W-${outbox.device}-${outbox.next}`;
  }

  // Keeps a sale as unsent and returns its record. Its number is made here, before anything is sent. form: what the
  // form contained, to fill it again. replaces: the record that this one corrects.
  const add = (owner, sale, form, replaces = null) => write(["sales", "outboxes"], async (store) => {
    const number = sale.number || await nextNumber(store("outboxes"), `${owner}|${sale.region}/${sale.store_id}`);
    const payload = { ...sale, number };
    const id = `${owner}|${sale.region}/${sale.store_id}/${number}|${sale.version ?? 0}`;
    const record = { id, owner, state: "unsent", problem: "", payload, form, at: new Date().toISOString() };
    if (replaces?.state === "refused") await result(store("sales").delete(replaces.order));
    else if (replaces) await result(store("sales").put({ ...replaces, state: "replaced" }));
    return { ...record, order: await result(store("sales").add(record)) };
  });

  // The records of a user, oldest first.
  async function all(owner) {
    return result((await open()).transaction("sales").objectStore("sales").index("owner").getAll(owner));
  }

  const version = (one) => one.version ?? 0;

  // A record after an outcome of its sale. One that needs review is resolved by a later outcome, by a correction of
  // this device, or by a higher version from elsewhere.
  function decided(record, outcome) {
    const newer = version(outcome) - version(record.payload);
    if (newer > 0 && record.state === "review" && outcome.outcome === "counted") return { ...record, state: "replaced", problem: "" };
    if (newer) return record;
    if (!["sent", "review", "discarded"].includes(record.state)) return { ...record, outcome };
    const state = { quarantined: "review", discarded: "discarded" }[outcome.outcome] ?? "sent";
    return { ...record, outcome, state, problem: state === "sent" ? "" : outcome.problems.map((one) => one.message).join(" ") };
  }

  // Changes the state of a record that is still there. The outcome of a sale may come before the answer for it.
  const mark = (order, state, problem = "") => write(["sales"], async (store) => {
    const record = await result(store("sales").get(order));
    if (!record) return;
    const next = { ...record, state, problem };
    await result(store("sales").put(state === "sent" && record.outcome ? decided(next, record.outcome) : next));
  });

  // Keeps outcomes together with the position after them. Those of other devices change nothing.
  const decide = (owner, outcomes, key, next) => write(["sales", "facts"], async (store) => {
    const name = (one) => `${one.region}/${one.store_id}/${one.number}`;
    const records = await result(store("sales").index("owner").getAll(owner));
    const changed = new Map();
    for (const outcome of outcomes) {
      for (const record of records.filter((one) => name(one.payload) === name(outcome))) {
        const before = changed.get(record.order) ?? record;
        const after = decided(before, outcome);
        if (after !== before) changed.set(record.order, after);
      }
    }
    for (const record of changed.values()) await result(store("sales").put(record));
    await result(store("facts").put(next, key));
    return changed.size;
  });

  // Removes the oldest of many sales that the server has; unsent and refused ones stay.
  async function tidy(owner) {
    const finished = (await all(owner)).filter((record) => ["sent", "replaced", "discarded"].includes(record.state));
    const old = finished.slice(0, Math.max(0, finished.length - KEPT));
    if (old.length) await write(["sales"], (store) => Promise.all(old.map((record) => result(store("sales").delete(record.order)))));
  }

  const remove = (order) => write(["sales"], (store) => result(store("sales").delete(order)));

  async function fact(key) {
    return result((await open()).transaction("facts").objectStore("facts").get(key));
  }

  const keep = (key, value) => write(["facts"], (store) => result(store("facts").put(value, key)));

  // Whether a sale needs review because its number is that of another sale: a higher version would replace that one.
  const isTaken = (record) => record.state === "review" && record.outcome.problems.some((one) => one.code === "conflicting-contents");

  globalThis.sell.database = { add, all, mark, decide, tidy, remove, fact, keep, isTaken };
})();
