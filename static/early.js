/* Runs before the first paint: the mark that script works. */
document.documentElement.classList.add("js");
