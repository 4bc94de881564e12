// On each page of a signed-in user: without the server, the sale form opens for its last user until they sign out or
// another person signs in. Unsent sales stay on the device for the one who entered them.
(() => {
  "use strict";

  const USER = "tillstream-sell-user";
  const login = document.querySelector("meta[name=login]").content;
  const forget = () => localStorage.removeItem(USER);
  if (localStorage.getItem(USER) !== login) forget();
  document.querySelector("form[data-sign-out]")?.addEventListener("submit", forget);
})();
