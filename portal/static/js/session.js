// A form or upload after the session has ended: the page asks to sign in in another tab, and then goes on by itself.
// Nothing on the page is lost, not even chosen files, because the page stays open.
(() => {
  "use strict";

  const login = document.querySelector("meta[name=login]");
  const dialog = document.getElementById("signed-out");
  if (!login || !dialog) return;
  const LOOK_EVERY = 1000;
  const LATE = 5000; // milliseconds after which the server counts as out of reach
  const checked = new WeakSet();
  const checking = new WeakSet();
  let asking = null;

  // The session of this browser, or null if the server cannot be reached.
  async function current() {
    try {
      const answer = await fetch(dialog.dataset.session, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(LATE) });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  const same = (session) => session && session.login === login.content;

  function renew(token) {
    document.querySelector("meta[name=csrf-token]").content = token;
    for (const input of document.querySelectorAll("input[name=csrf_token]")) input.value = token;
  }

  function ask() {
    dialog.showModal();
    return new Promise((done) => {
      const end = (session) => {
        clearInterval(timer);
        dialog.close();
        done(session);
      };
      const timer = setInterval(async () => {
        const session = await current();
        if (same(session)) end(session);
      }, LOOK_EVERY);
      dialog.addEventListener("close", () => end(null), { once: true });
    });
  }

  // Whether to go on: the same person is signed in, or the server cannot be reached, which the next request reports.
  async function ensure() {
    let session = await current();
    if (!session) return true;
    if (!same(session)) session = await ask();
    if (session) renew(session.token);
    return Boolean(session);
  }

  // Resolves to whether to go on; false if the person closed the dialog.
  globalThis.ensureSignedIn = () => {
    asking ??= ensure().finally(() => { asking = null; });
    return asking;
  };

  // Resolves as ensureSignedIn. Until then nothing can be clicked: a link would leave the page before the form is sent.
  async function hold(form) {
    const focused = document.activeElement;
    const parts = [...document.body.children].filter((part) => part !== dialog && !part.inert);
    checking.add(form);
    form.setAttribute("aria-busy", "true");
    for (const part of parts) part.inert = true;
    const goesOn = await globalThis.ensureSignedIn();
    for (const part of parts) part.inert = false;
    form.removeAttribute("aria-busy");
    checking.delete(form);
    focused?.focus({ preventScroll: true });
    return goesOn;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[data-without-session]") || checked.delete(form)) return;
    event.preventDefault();
    if (checking.has(form)) return;
    const goesOn = await hold(form);
    if (!goesOn) return;
    checked.add(form);
    form.requestSubmit(event.submitter?.isConnected ? event.submitter : null);
  });
})();
