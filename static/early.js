/* Runs before the first paint: the reader's theme as <meta name="color-scheme"> has it (paper is always
   light), and the mark that script works. */
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = document.querySelector('meta[name="color-scheme"]')?.content || "light dark";
  const apply = () => {
    root.dataset.bsTheme = chosen === "dark" || (chosen !== "light" && dark.matches) ? "dark" : "light";
  };
  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
  addEventListener("beforeprint", () => { root.dataset.bsTheme = "light"; });
  addEventListener("afterprint", apply);
})();
