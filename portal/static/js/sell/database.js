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

  // Changes the state of a record that is still there.
  const mark = (order, state, problem = "") => write(["sales"], async (store) => {
    const record = await result(store("sales").get(order));
    if (record) await result(store("sales").put({ ...record, state, problem }));
  });

  // Removes the oldest of many sales that the server has; unsent and refused ones stay.
  async function tidy(owner) {
    const finished = (await all(owner)).filter((record) => record.state === "sent" || record.state === "replaced");
    const old = finished.slice(0, Math.max(0, finished.length - KEPT));
    if (old.length) await write(["sales"], (store) => Promise.all(old.map((record) => result(store("sales").delete(record.order)))));
  }

  const remove = (order) => write(["sales"], (store) => result(store("sales").delete(order)));

  async function fact(key) {
    return result((await open()).transaction("facts").objectStore("facts").get(key));
  }

  const keep = (key, value) => write(["facts"], (store) => result(store("facts").put(value, key)));

  globalThis.sell.database = { add, all, mark, tidy, remove, fact, keep };
})();
