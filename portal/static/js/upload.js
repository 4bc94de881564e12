// Several files at once: each with its own contract, progress and result. Without it the form sends them all together.
(() => {
  "use strict";

  const form = document.getElementById("upload-form");
  if (!form) return;
  const AT_ONCE = 3;
  const STEPS = Object.entries(texts.upload.steps);
  const input = form.elements.file;
  const list = document.getElementById("chosen");
  const announcer = document.getElementById("upload-status");
  const shared = form.elements.contract;
  const anywhere = document.querySelector(".drop-anywhere");
  const endings = form.dataset.endings.split(" ");
  const ending = (name) => endings.find((one) => name.toLowerCase().endsWith(one)) || "";
  const HASHED = 64 << 20; // bytes; larger files are compared in their preview
  const files = [];

  function element(name, properties = {}, ...children) {
    const created = Object.assign(document.createElement(name), properties);
    created.append(...children);
    return created;
  }

  const address = (name, word, value) => form.dataset[name].replace(word, encodeURIComponent(value));

  function choose(chosen) {
    for (const file of chosen) {
      if (!file.size && !file.type && !file.name.includes(".")) continue; // a folder: browsers give it without a kind
      if (file.name.includes(".") && !ending(file.name)) { refuse(file); continue; }
      const one = listed(file);
      files.push(one);
      compare(one);
    }
    input.value = "";
  }

  // Nothing of it is sent; the file stays on the machine.
  function refuse(file) {
    const away = element("button", { type: "button", className: "away", textContent: "×", ariaLabel: texts.upload.removeFromList({ file: file.name }) });
    const words = texts.upload.refused({ file: file.name, endings });
    const row = element("li", {}, element("span", { className: "name", textContent: file.name }), element("span"), element("span", { className: "tools" }, away),
      element("div", { className: "message" }, element("p", { className: "notice wrong", textContent: words })));
    away.addEventListener("click", () => row.remove());
    list.append(row);
    announcer.textContent = words;
  }

  // Whether the same bytes came before, as soon as the file is chosen.
  async function compare(one) {
    if (!window.crypto?.subtle || one.file.size > HASHED) return;
    try {
      const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await one.file.arrayBuffer()));
      const sha256 = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const answer = await fetch(`${form.dataset.same}?sha256=${sha256}`, { headers: { Accept: "application/json" } });
      const { upload } = answer.ok ? await answer.json() : {};
      if (!upload || one.state !== "chosen") return;
      const day = new Date(upload.received_at).toLocaleDateString(document.documentElement.dataset.locale || undefined, { dateStyle: "medium" });
      one.words.append(element("p", { className: "notice ask" }, ...texts.upload.sameFile({
        link: element("a", { href: upload.url, textContent: upload.file }), day, login: upload.received_by, state: upload.state, advice: upload.advice,
      })));
      announcer.textContent = texts.upload.uploadedBefore({ file: one.file.name });
    } catch {
      // the preview compares it again
    }
  }

  function listed(file) {
    const select = element("select", { className: "form-select", ariaLabel: texts.upload.source({ file: file.name }) });
    select.append(element("option", { value: "", textContent: texts.upload.detect }));
    for (const { value, dataset } of [...shared.options].filter((one) => one.value)) {
      const option = element("option", { value, textContent: value });
      Object.assign(option.dataset, dataset);
      select.append(option);
    }
    select.value = shared.value;
    const pause = element("button", { type: "button", className: "btn", hidden: true });
    const away = element("button", { type: "button", className: "away", textContent: "×", ariaLabel: texts.upload.remove({ file: file.name }) });
    const words = element("div", { className: "message" });
    const row = element("li", {}, element("span", { className: "name", textContent: file.name }), select,
      element("span", { className: "tools" }, pause, away), words);
    const one = { file, select, row, words, pause, away, own: false, state: "chosen", batch: "" };
    select.addEventListener("change", () => { one.own = true; });
    away.addEventListener("click", () => leave(one));
    pause.addEventListener("click", () => (one.upload.state === "sending" ? one.upload.pause() : start(one)));
    list.append(row);
    return one;
  }

  async function leave(one) {
    if (one.state === "chosen" || one.state === "done") {
      one.row.remove();
      files.splice(files.indexOf(one), 1);
      return;
    }
    if (one.batch) {
      const body = new FormData();
      body.append("csrf_token", form.elements.csrf_token.value);
      await fetch(address("cancel", "BATCH", one.batch), { method: "POST", body, headers: { Accept: "text/html" } });
      look();
      return;
    }
    await one.upload?.cancel();
    finish(one, element("p", { className: "notice", textContent: texts.upload.cancelled }));
  }

  function finish(one, ...words) {
    one.state = "done";
    one.pause.hidden = true;
    one.away.ariaLabel = texts.upload.removeFromList({ file: one.file.name });
    one.words.replaceChildren(...words);
    announcer.textContent = texts.upload.announced({ file: one.file.name, text: one.words.textContent });
    next();
  }

  // The bytes on their way: a bar, how much, and what can be done.
  function bytes(one, upload) {
    if (one.upload !== upload || one.state === "done") return;
    const there = Math.max(upload.offset, upload.sent || 0);
    if (!one.bar) {
      one.bar = element("progress", { max: 1, ariaLabel: texts.upload.uploading({ file: one.file.name }) });
      one.bytes = element("p", { className: "bytes" });
      one.words.replaceChildren(one.bar, one.bytes);
    }
    one.bar.value = one.file.size ? there / one.file.size : 1;
    one.bytes.textContent = texts.upload.sent({
      sent: Math.min(there, one.file.size), bytes: one.file.size, state: upload.state, again: upload.again,
      isWhole: upload.state === "sending" && there >= one.file.size, hasArrived: upload.arrived,
    });
    one.pause.hidden = !["sending", "paused", "broken"].includes(upload.state);
    const named = { file: one.file.name };
    one.pause.textContent = upload.state === "sending" ? texts.upload.pause : texts.upload.resume;
    one.pause.ariaLabel = upload.state === "sending" ? texts.upload.pauseFile(named) : texts.upload.resumeFile(named);
    one.away.ariaLabel = texts.upload.cancel(named);
  }

  async function start(one) {
    one.state = "sending";
    if (!one.upload) {
      const mark = `${one.file.name}-${one.file.size}-${one.file.lastModified}`;
      const left = [...document.querySelectorAll("#waiting-files [data-mark]")].find((one) => one.dataset.mark === mark);
      const contract = one.select.value;
      const direct = one.select.selectedOptions[0].dataset.direct !== undefined;
      const look = one.look || !direct ? "yes" : "";
      one.metadata = { filename: one.file.name, contract, look, mark: `${mark}` };
      one.upload = new Resumable(one.file, {
        address: form.dataset.sending, token: form.elements.csrf_token.value, metadata: one.metadata,
        place: left && left.dataset.look === look && left.dataset.contract === contract ? left.dataset.place : "",
        onChange: (upload) => bytes(one, upload),
      });
      one.select.disabled = true;
      if (left) left.remove();
    }
    try {
      await one.upload.send();
      if (one.upload.state === "kept") await kept(one);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      finish(one, element("p", { className: "notice wrong", textContent: error.message }));
    }
    next();
  }

  // The batch of a file that is imported without a preview because it is recognised; empty if it has a preview.
  async function recognised(one) {
    if (one.look || one.metadata.contract) return "";
    const body = new FormData();
    body.append("csrf_token", form.elements.csrf_token.value);
    try {
      const answer = await fetch(address("recognise", "SENDING", one.upload.id), { method: "POST", body, headers: { Accept: "application/json" } });
      return answer.ok ? (await answer.json()).batch_id : "";
    } catch {
      return ""; // its preview shows it
    }
  }

  async function kept(one) {
    one.pause.hidden = true;
    const batch = one.metadata.look ? await recognised(one) : one.upload.batch;
    if (!batch) {
      const place = address("look", "SENDING", one.upload.id);
      const text = document.createTextNode(texts.upload.notImported);
      finish(one, element("p", { className: "notice ask" }, text, element("a", { href: place, textContent: texts.upload.preview })));
      one.goes = place;
      if (files.length > 1) fetch(`${place}/told`, { headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : null)).then((summary) => { if (summary) text.data = `${summary.says} `; }).catch(() => {});
    } else {
      one.state = "uploaded";
      one.batch = batch;
      one.goes = address("receipt", "BATCH", one.batch);
      look();
    }
    if (files.length === 1 && !globalThis.isBeingLeft()) location.href = one.goes;
  }

  // A few at a time; the others wait their turn, and one that fails stops no other.
  function next() {
    const busy = files.filter((one) => one.state === "sending" && one.upload?.state === "sending").length;
    files.filter((one) => one.state === "queued").slice(0, Math.max(0, AT_ONCE - busy)).forEach(start);
    if (!files.some((one) => ["queued", "sending", "uploaded"].includes(one.state))) refresh();
  }

  let looking = 0;
  async function look() {
    clearTimeout(looking);
    const uploaded = files.filter((one) => one.state === "uploaded");
    if (!uploaded.length) return;
    try {
      const params = new URLSearchParams(uploaded.map((one) => ["batch", one.batch]));
      const answer = await fetch(`${form.dataset.progress}?${params}`, { headers: { Accept: "application/json" } });
      if (answer.ok) for (const progress of (await answer.json()).uploads) stages(uploaded.find((one) => one.batch === progress.batch_id), progress);
    } catch {
      // the next look may reach the server again
    }
    looking = setTimeout(look, 700);
  }

  function stages(one, progress) {
    if (!one) return;
    const at = STEPS.findIndex(([state]) => state === progress.state);
    const steps = element("ol", { className: "steps", ariaLabel: texts.upload.progress({ file: one.file.name }) });
    for (const [number, [, words]] of STEPS.entries()) {
      const where = number < at || progress.state === "announced" ? "done" : number === at ? "now" : "";
      if (at >= 0) steps.append(element("li", { className: where, textContent: words, ariaCurrent: where === "now" ? "step" : null }));
    }
    const result = progress.result ? element("p", { className: `notice ${progress.tone === "good" ? "done" : progress.tone === "bad" ? "wrong" : "ask"}` },
      texts.upload.result({ result: progress.result }), element("a", { href: progress.url, textContent: progress.needs ? texts.upload.needs : texts.upload.receipt })) : "";
    if (progress.done) finish(one, ...(at >= 0 ? [steps] : []), result);
    else one.words.replaceChildren(steps, result);
  }

  async function refresh() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["list", "waiting-files"]) {
      const part = document.getElementById(id);
      const fresh = page.getElementById(id);
      if (part && fresh) part.replaceWith(fresh);
      else if (fresh) form.parentNode.insertBefore(fresh, anywhere.nextSibling);
      else if (part) part.remove();
      if (fresh) document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = files.filter((one) => one.state === "chosen");
    if (!chosen.length) {
      input.setCustomValidity(texts.upload.chooseFirst);
      input.reportValidity();
      return;
    }
    for (const one of chosen) Object.assign(one, { state: "queued", look: event.submitter?.matches("[data-look-first]") });
    next();
  });
  input.addEventListener("change", () => { input.setCustomValidity(""); choose(input.files); });
  choose(input.files); // those that were chosen before this script was there
  // The choice above is for every file that nothing else was chosen for.
  shared.addEventListener("change", () => {
    for (const one of files) if (one.state === "chosen" && !one.own) one.select.value = shared.value;
  });
  window.addEventListener("beforeunload", (event) => {
    if (files.some((one) => one.state === "queued" || one.upload?.state === "sending" && !one.upload.arrived)) event.preventDefault();
  });

  let within = 0;
  const brings = (event) => [...event.dataTransfer?.types || []].includes("Files");
  document.addEventListener("dragenter", (event) => { if (brings(event)) { within += 1; anywhere.hidden = false; } });
  document.addEventListener("dragleave", (event) => { if (brings(event) && (within -= 1) <= 0) { within = 0; anywhere.hidden = true; } });
  document.addEventListener("dragover", (event) => { if (brings(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    within = 0;
    anywhere.hidden = true;
    choose(event.dataTransfer.files);
    list.scrollIntoView({ block: "nearest" });
  });
})();
