/* The admin's own <html> can't carry what app.js says: lend it the words of the page, before it runs. */
Object.assign(document.documentElement.dataset, document.getElementById("words").dataset);
