// Small parts of the page.
(() => {
  "use strict";

  const { decimal } = globalThis.sell;

  function element(name, options = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(options)) {
      if (key === "text") made.textContent = value;
      else if (key === "data") Object.assign(made.dataset, value);
      else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  const money = (value, place) => `${decimal.shown(value, place.digits)} ${place.currency}`;
  // The store of a record; one that the user no longer has is not in `places`.
  const placeOf = ({ payload }, places) => places.find((one) => one.region === payload.region && one.store_id === payload.store_id) ?? { region: payload.region, store_id: payload.store_id, currency: payload.currency, digits: 2 };
  // A store by its name, which comes from the catalogue.
  const storeName = (place) => place.name || place.store_id;
  const placeKey = (place) => `${place.region}/${place.store_id}`;

  // The stores to choose from: with the code, as two may have one name, and with the region if there are several.
  function placeOptions(places) {
    const isOneRegion = new Set(places.map((one) => one.region)).size === 1;
    return places.map((place, at) => {
      const codes = [...(place.name ? [place.store_id] : []), ...(isOneRegion ? [] : [place.region])].join(", ");
      return element("option", { value: String(at), text: codes ? `${storeName(place)} (${codes})` : storeName(place) });
    });
  }

  const pad = (value) => String(value).padStart(2, "0");
  const dayOf = (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;

  // RFC 3339 with the device's offset.
  function instant(at) {
    const minutes = -at.getTimezoneOffset();
    const offset = `${minutes < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
    return `${dayOf(at)}T${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}${offset}`;
  }

  const shownTime = (iso) => new Intl.DateTimeFormat(document.documentElement.dataset.locale || undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

  Object.assign(globalThis.sell, { element, money, placeKey, placeOf, placeOptions, dayOf, instant, shownTime, storeName });
})();
