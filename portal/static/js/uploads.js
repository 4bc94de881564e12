// Several files at once: each with its own contract, progress and result. Without it the form sends them all together.
(() => {
  "use strict";

  const form = document.getElementById("give");
  if (!form) return;
  const input = form.elements.file;
  const list = document.getElementById("chosen");
  const drop = form.querySelector("[data-drop]");
  const shared = form.elements.contract;
  const contracts = [...shared.options].map((one) => one.value).filter(Boolean);
  const waiting = [];

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // Only a name that says it clearly: IN.csv or in.csv, and IN-2024-03.csv, but neither india.csv, in-store.csv nor
  // IN-and-UK.csv. A wrong guess would count under another region, so everything else is asked.
  function named(file) {
    const stem = file.replace(/(\.(csv|tsv|txt|gz|zip|xlsx|ods|jsonl|ndjson|parquet))+$/i, "");
    const whole = contracts.find((one) => one.toLowerCase() === stem.toLowerCase());
    if (whole) return whole;
    const [first] = contracts.filter((one) => stem.startsWith(one) && /^[^\p{L}\p{N}]/u.test(stem.slice(one.length)))
      .sort((a, b) => b.length - a.length);
    const rest = first ? ` ${stem.slice(first.length)} `.split(/[^\p{L}\p{N}]+/u) : [];
    return first && !contracts.some((one) => one !== first && rest.includes(one)) ? first : "";
  }

  // The choice above is for every file that nothing else was chosen for.
  function share() {
    for (const one of waiting) if (!one.done && !one.own) one.select.value = shared.value;
  }

  function asks() {
    const listed = waiting.length > 0;
    input.required = false;
    shared.required = !listed;
  }

  function choose(files) {
    for (const file of files) {
      const select = element("select", { className: "form-select", ariaLabel: `Contract of ${file.name}`, required: true });
      select.append(element("option", { value: "", textContent: "Choose a contract" }));
      for (const name of contracts) select.append(element("option", { value: name, textContent: name }));
      const clear = named(file.name);
      select.value = clear || shared.value;
      const away = element("button", { type: "button", className: "away", textContent: "×", ariaLabel: `Leave out ${file.name}` });
      const said = element("div", { className: "said" });
      const row = element("li", {}, element("span", { className: "name", textContent: file.name }), select, away, said);
      const one = { file, select, row, said, away, done: false, own: Boolean(clear) };
      if (clear) said.append(element("p", { className: "hint", textContent: `${clear}, as the file's name says. Change it if that is not so.` }));
      select.addEventListener("change", () => { one.own = true; said.replaceChildren(); });
      away.addEventListener("click", () => {
        one.request?.abort();
        row.remove();
        waiting.splice(waiting.indexOf(one), 1);
        asks();
      });
      waiting.push(one);
      list.append(row);
    }
    input.value = "";
    asks();
  }

  function send(one, address, accept) {
    return new Promise((done, failed) => {
      const request = one.request = new XMLHttpRequest();
      const progress = element("progress", { max: 1, value: 0, ariaLabel: `Sending ${one.file.name}` });
      one.said.replaceChildren(progress);
      one.said.before(progress);
      request.upload.addEventListener("progress", (event) => { progress.value = event.loaded / event.total; });
      request.addEventListener("load", () => { progress.remove(); (request.status < 300 ? done : failed)(request); });
      for (const end of ["error", "abort"]) request.addEventListener(end, () => { progress.remove(); failed(request); });
      request.open("POST", address);
      request.setRequestHeader("Accept", accept);
      const body = new FormData();
      body.append("csrf_token", form.elements.csrf_token.value);
      body.append("contract", one.select.value);
      body.append("file", one.file, one.file.name);
      request.send(body);
    });
  }

  function why(request) {
    if (!request.status) return "The connection broke. Nothing was counted; try again.";
    try {
      return JSON.parse(request.responseText).detail;
    } catch {
      const words = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main .lead");
      return words ? words.textContent : "It did not work. Nothing was counted; try again.";
    }
  }

  async function each(work) {
    for (const one of [...waiting]) {
      if (one.done) continue;
      try {
        await work(one);
      } catch (request) {
        if (!(request instanceof XMLHttpRequest)) throw request;
        one.said.replaceChildren(element("p", { className: "notice wrong", textContent: why(request) }));
      }
    }
  }

  async function give(one) {
    const answer = JSON.parse((await send(one, form.action, "application/json")).responseText).uploads[0];
    one.done = true;
    one.select.disabled = true;
    one.away.hidden = true;
    one.said.replaceChildren(element("p", { className: "notice done" }, "It is in. ", element("a", { href: answer.url, textContent: "See its receipt" })));
    return answer;
  }

  async function tryOut(one) {
    const answer = await send(one, form.querySelector("[data-try]").formAction, "text/html");
    const receipt = new DOMParser().parseFromString(answer.responseText, "text/html").querySelector("#receipt .panel");
    one.said.replaceChildren(receipt);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!waiting.some((one) => !one.done)) {
      input.required = true;
      input.reportValidity();
      return;
    }
    const trying = event.submitter?.matches("[data-try]");
    const buttons = [...form.querySelectorAll("[data-give], [data-try]")];
    buttons.forEach((one) => { one.disabled = true; });
    const given = [];
    await each(async (one) => { if (trying) await tryOut(one); else given.push(await give(one)); });
    buttons.forEach((one) => { one.disabled = false; });
    if (given.length === 1 && waiting.length === 1) location.href = given[0].url;
    else if (given.length) refresh();
  });

  async function refresh() {
    const part = document.getElementById("list");
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("list");
    part.replaceWith(fresh);
    document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
  }

  input.addEventListener("change", () => choose(input.files));
  shared.addEventListener("change", share);
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  drop.addEventListener("drop", (event) => choose(event.dataTransfer.files));
})();
