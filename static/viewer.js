/* 凭证查看器: pictures large, turned, zoomed and two side by side. Without this file a[data-view] opens the picture.
   An album is the [data-album] around a link, else its list. Where there is one album, its keys open it:
   1 to 9 the piece of that number (data-view="E3"), or the piece in that place. */
(() => {
  const box = document.getElementById("viewer");
  if (!box?.showModal) return;
  const panes = [...box.querySelectorAll(".pane")];
  const number = (link) => Number(link.dataset.view.slice(1)) || 0;
  const shown = panes.map(() => ({ at: 0, zoom: 1, turn: 0 }));
  let album = [], active = 0;

  const gather = (inside) => {
    const links = [...inside.querySelectorAll("a[data-view]")];
    album = links.filter((link, i) => links.findIndex((other) => other.href === link.href) === i);
    album.sort((one, other) => number(one) - number(other));
  };
  const draw = (n) => {
    const { at, zoom, turn } = shown[n], link = album[at], pane = panes[n], img = pane.querySelector("img");
    const alt = link.querySelector("img")?.alt || link.textContent.trim();
    const x = (pane.scrollLeft + pane.clientWidth / 2) / pane.scrollWidth;
    const y = (pane.scrollTop + pane.clientHeight / 2) / pane.scrollHeight;
    if (img.src !== link.href) img.src = link.href;
    img.alt = alt;
    img.style.setProperty("--zoom", zoom);
    img.dataset.turned = turn;
    pane.scrollTo(x * pane.scrollWidth - pane.clientWidth / 2, y * pane.scrollHeight - pane.clientHeight / 2);
    pane.parentElement.querySelector("[data-title]").textContent = [link.dataset.view, alt].filter(Boolean).join(" ");
    pane.parentElement.querySelector("[data-place]").textContent = `${at + 1} / ${album.length}`;
  };
  const show = (n, at) => {
    shown[n] = { at: (at + album.length) % album.length, zoom: 1, turn: 0 };
    draw(n);
  };
  const attend = (n) => {
    active = n;
    panes.forEach((pane, i) => pane.parentElement.classList.toggle("on", i === n));
  };
  const compare = (both) => {
    box.classList.toggle("both", both);
    panes[1].parentElement.hidden = !both;
    box.querySelector("[data-do=compare]").setAttribute("aria-pressed", both);
    if (both) show(1, shown[0].at + 1);
    attend(both ? 1 : 0);
    panes[active].focus();
  };
  const zoom = (by) => {
    shown[active].zoom = by ? Math.min(6, Math.max(1, shown[active].zoom * by)) : 1;
    draw(active);
  };
  const acts = {
    next: () => show(active, shown[active].at + 1),
    previous: () => show(active, shown[active].at - 1),
    bigger: () => zoom(1.5),
    smaller: () => zoom(1 / 1.5),
    whole: () => zoom(0),
    turn: () => { shown[active].turn = (shown[active].turn + 1) % 4; draw(active); },
    compare: () => album.length > 1 && compare(!box.classList.contains("both")),
  };
  const keys = { ArrowRight: "next", ArrowLeft: "previous", " ": "next", "+": "bigger", "=": "bigger", "-": "smaller", 0: "whole", r: "turn", c: "compare" };
  const open = (at) => {
    box.classList.toggle("single", album.length < 2);
    box.showModal();
    compare(false);
    show(0, at);
  };
  const place = (key) => {
    const named = album.findIndex((link) => number(link) === Number(key));
    return named >= 0 || album.some(number) ? named : Number(key) - 1;
  };

  document.addEventListener("click", (e) => {
    const link = e.target.closest?.("a[data-view]");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    gather(link.closest("[data-album]") || link.closest(".shots") || link.parentElement);
    open(album.findIndex((other) => other.href === link.href));
  });
  box.addEventListener("click", (e) => {
    const pane = e.target.closest(".pane");
    if (pane) attend(panes.indexOf(pane));
    acts[e.target.closest("[data-do]")?.dataset.do]?.();
  });
  panes.forEach((pane, n) => {
    pane.addEventListener("focus", () => attend(n));
    pane.querySelector("img").addEventListener("load", (e) => { // what was opened is 未查看 no more, wherever it stands
      const same = [...document.querySelectorAll(".shots a[data-view]")].filter((link) => link.href === e.target.src);
      same.forEach((link) => link.closest("li").querySelector(".st")?.remove());
    });
    pane.addEventListener("pointermove", (e) => { // a mouse drags what is larger than its pane; a finger scrolls
      if (e.pointerType === "mouse" && e.buttons === 1) pane.scrollBy(-e.movementX, -e.movementY);
    });
  });
  addEventListener("keydown", (e) => {
    if (e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return;
    if (/^[1-9]$/.test(e.key)) {
      const among = document.querySelector("[data-album]");
      const writes = e.target.closest?.("input, textarea, select, [contenteditable]");
      if (!box.open) {
        if (!among || writes || document.querySelector("dialog[open]") || document.body.classList.contains("no-keys")) return;
        gather(among);
      }
      const at = place(e.key);
      if (album[at]) (box.open ? show(active, at) : open(at));
      return;
    }
    if (!box.open || !keys[e.key] || (e.key === " " && e.target.closest("button"))) return;
    e.preventDefault();
    acts[keys[e.key]]();
  });
})();
