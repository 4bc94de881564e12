// The sales of this device: unsent and refused ones first, then those that were sent.
(() => {
  "use strict";

  const { database, element, money, placeOf, receipt, shownTime, storeName } = globalThis.sell;
  const words = texts.sell;
  const SHOWN = 50;
  const TONES = { unsent: "ask", sent: "good", refused: "bad", review: "bad", discarded: "", replaced: "" };
  const RANK = { refused: 0, review: 0, unsent: 1, sent: 2, discarded: 2, replaced: 3 };

  // on: print, correct, cancel, return and discard, each with a record.
  class History {
    constructor(part, status, on) { Object.assign(this, { part, status, on }); }

    async draw(login, places) {
      const records = await database.all(login);
      const count = (state) => records.filter((record) => record.state === state).length;
      this.status.textContent = [words.unsent({ count: count("unsent") }), ...(count("refused") ? [words.refused({ count: count("refused") })] : []), ...(count("review") ? [words.review({ count: count("review") })] : [])].join(" · ");
      this.status.className = `badge-state ${count("refused") || count("review") ? "bad" : count("unsent") ? "ask" : "good"}`;
      const sorted = records.sort((one, other) => RANK[one.state] - RANK[other.state] || other.order - one.order).slice(0, SHOWN);
      this.part.querySelector("tbody").replaceChildren(...sorted.map((record) => this.row(record, placeOf(record, places), places)));
      this.part.hidden = !records.length;
    }

    row(record, place, places) {
      const { payload } = record;
      const state = payload.status === "cancelled" && record.state === "sent" ? words.states.cancelled : words.states[record.state];
      const badge = element("span", { class: `badge-state ${TONES[record.state]}`, text: state });
      return element("tr", { data: { number: payload.number, state: record.state } },
        element("th", { scope: "row", text: payload.number }),
        element("td", { text: storeName(place) }),
        element("td", { text: shownTime(payload.sold_at) }),
        element("td", { class: "num", text: money(receipt.total(payload), place) }),
        element("td", {}, badge, ...(record.problem ? [element("p", { class: "missing", text: record.problem })] : [])),
        element("td", { class: "sell-actions" }, ...this.actions(record, places.includes(place)).map((name) => this.button(name, record))));
    }

    actions(record, isOwn) {
      const { status } = record.payload;
      if (record.state === "refused") return isOwn ? ["correct", "discard"] : ["discard"];
      if (["unsent", "replaced"].includes(record.state) || !isOwn) return ["print"];
      if (status === "cancelled") return [];
      if (database.isTaken(record)) return ["print", "correct"];
      if (record.state !== "sent") return ["print", "correct", "cancel"];
      return status === "returned" ? ["print", "cancel"] : ["print", "correct", "return", "cancel"];
    }

    button(name, record) {
      const label = words.actionOn({ action: words.actions[name], number: record.payload.number });
      const made = element("button", { type: "button", class: "link", "aria-label": label, text: words.actions[name] });
      made.addEventListener("click", () => this.on[name](record));
      return made;
    }
  }

  globalThis.sell.History = History;
})();
