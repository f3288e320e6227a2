/* Runs before the first paint: the reader's theme (paper is always light), and the mark that script works. */
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
  addEventListener("beforeprint", () => { root.dataset.bsTheme = "light"; });
  addEventListener("afterprint", apply);
})();
