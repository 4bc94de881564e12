// The service worker of the sale form: keeps the page and its files, so that it opens without the server. It answers
// only the address of the form and the files of its own version; `self.shell` has their addresses. It keeps no page of
// a person: without the server, the same page opens for everybody.
"use strict";

const { version, page, files } = self.shell;
const CACHE = `tillstream-sell-${version}`;
const PATIENCE = 5000;
const home = new URL("./", self.location).pathname;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(files);
    const answer = await fetch(page, { cache: "no-store", redirect: "error" });
    if (!answer.ok) throw new Error(`${page}: ${answer.status}`);
    await cache.put(page, answer);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("tillstream-sell-") && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

// The page from the server, or the kept one if no answer comes in time.
async function open(request) {
  const kept = async () => (await caches.open(CACHE)).match(page);
  const answer = fetch(request).catch(() => null);
  const late = new Promise((done) => { setTimeout(() => done(null), PATIENCE); });
  const first = await Promise.race([answer, late]);
  if (first && first.status < 500) return first;
  return await kept() ?? await answer ?? Response.error();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate" && address.pathname === home) event.respondWith(open(request));
  else if (files.includes(address.pathname + address.search)) event.respondWith((async () => (await (await caches.open(CACHE)).match(request)) ?? fetch(request))());
});
