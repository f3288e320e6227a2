/* Django's searching selects are named after nothing: give each the name of its field. */
"use strict";
// Ready functions run in their order: this one after the one that makes the selects.
window.addEventListener("load", () => window.django.jQuery(() => {
  for (const box of document.querySelectorAll(".select2-selection")) {
    const label = box.closest(".form-row")?.querySelector("label");
    if (!label) continue;
    label.id ||= `${label.htmlFor}-label`;
    const shown = box.querySelector(".select2-selection__rendered");
    shown.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    box.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
  }
}));
