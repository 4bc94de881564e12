// Starts Swagger UI on the page of the API. Calls without a token are those of the reader's own session: where they
// change something, they carry the CSRF token of this page.
(() => {
  "use strict";

  const place = document.querySelector("[data-openapi]");
  const dark = document.getElementById("dark");
  const token = document.querySelector('meta[name="csrf-token"]').content;

  function colour() {
    document.documentElement.classList.toggle("dark-mode", window.matchMedia(dark.media).matches);
  }

  function send(call) {
    const own = new URL(call.url, location.href).origin === location.origin;
    const names = Object.keys(call.headers || {}).map((name) => name.toLowerCase());
    if (own && !names.includes("authorization") && !["GET", "HEAD"].includes(call.method || "GET")) {
      call.headers["X-CSRFToken"] = token;
    }
    return call;
  }

  colour();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colour);
  new MutationObserver(colour).observe(dark, { attributes: true, attributeFilter: ["media"] });
  window.SwaggerUIBundle({
    url: place.dataset.openapi,
    domNode: place,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    syntaxHighlight: { activated: false },
    validatorUrl: null,
    requestInterceptor: send,
    onComplete() {
      // The page has its own main landmark.
      const calls = place.querySelector("main");
      calls?.setAttribute("role", "region");
      calls?.setAttribute("aria-label", place.dataset.label);
    },
  });
})();
