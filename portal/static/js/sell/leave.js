// On the sign-in page: without the server, the sale form opens for nobody until somebody has signed in. Unsent sales
// stay on the device for the one who entered them.
localStorage.removeItem("tillstream-sell-user");
