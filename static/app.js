/* Enhancement only: every page reads and works without this file.
   Listeners sit on the document, so that fragments swapped in by htmx need no set-up. */
(() => {
  const root = document.documentElement;
  const words = root.dataset; // what the script says stands, translated, on <html>
  const $ = (id) => document.getElementById(id);
  const $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const skew = (Date.parse(words.now) || Date.now()) - Date.now(); // the server's clock wins
  const now = () => Date.now() + skew;
  const on = (type, selector, act) => document.addEventListener(type, (e) => {
    const el = e.target.closest?.(selector);
    if (el) act(el, e);
  });
  const say = (text) => { const live = $("say"); if (live) live.textContent = text; };

  // Countdown: the text each second, spoken only at 10, 5 and 1 minute and at the end.
  const marks = [600, 300, 60, 0];
  const dirty = new Set();
  const two = (n) => String(n).padStart(2, "0");
  const left = (s, long) => {
    const d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60;
    if (d && !long) return words.days.replace("{d}", d).replace("{h}", h);
    const time = `${two(h + (long ? 0 : d * 24))}:${two(m)}:${two(s % 60)}`;
    return d ? words.daysTime.replace("{d}", d).replace("{time}", time) : time;
  };
  // A soft tone for what is about to lapse, once a row: nobody hears it who did not ask for it.
  const rung = new Set(JSON.parse(sessionStorage.getItem("rung") || "[]"));
  const ring = (what) => {
    if (rung.has(what)) return;
    sessionStorage.setItem("rung", JSON.stringify([...rung.add(what)]));
    const audio = new AudioContext(), tone = audio.createOscillator(), volume = audio.createGain();
    const end = audio.currentTime + 0.6;
    volume.gain.setValueAtTime(0.08, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, end);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(end);
  };
  const tick = () => $$("[data-until]").forEach((el) => {
    const ms = Date.parse(el.dataset.until) - now();
    const s = Math.max(0, Math.floor(ms / 1000));
    el.textContent = el.dataset.seconds ? Math.ceil(Math.max(0, ms) / 1000) : ms > 0 ? left(s, el.dataset.long) : words.over;
    if (s && s <= 600 && el.closest("[data-sound]")) ring(`${el.closest("tr").id} ${el.dataset.until}`);
    if (ms <= 0) el.closest("[data-fleeting]")?.remove();
    if (el.dataset.say && marks.includes(s) && el.dataset.said !== String(s)) {
      el.dataset.said = s;
      say(`${el.dataset.say} ${el.textContent}`);
    }
    if (ms > 0 || el.dataset.done) return;
    el.dataset.done = 1;
    const due = el.closest(".due[data-over]"); // the row stays where it is and says what happens
    if (due) {
      due.className = "due over";
      due.querySelector("small").textContent = due.dataset.over;
    }
    if (!el.dataset.reload) return;
    const part = el.closest("[hx-get]");
    setTimeout(() => {
      if (part && window.htmx) window.htmx.trigger(part, "due");
      else if (!dirty.size) location.reload(); // never over what somebody is writing
    }, 1500);
  });
  tick();
  setInterval(tick, 1000);
  document.addEventListener("input", (e) => e.target.form?.method === "post" && dirty.add(e.target.form));

  // Polled parts have hx-trigger="poll": asked only while somebody looks. Seconds in data-poll.
  const polled = new WeakMap();
  setInterval(() => {
    if (document.visibilityState !== "visible" || !window.htmx) return;
    $$("[data-poll]").forEach((el) => {
      const due = polled.get(el) ?? Date.now() + el.dataset.poll * 1000;
      polled.set(el, due);
      if (Date.now() < due) return;
      polled.delete(el);
      window.htmx.trigger(el, "poll");
    });
  }, 1000);

  // Keys: j k move, o opens, x ticks, / searches, ? helps; data-key on links and dialog openers.
  // Off while typing, while an input method composes, and with a modifier or a dialog.
  const rows = () => $$(".cases tbody tr");
  const chosen = () => rows().findIndex((r) => r.getAttribute("aria-selected") === "true");
  const go = (i) => {
    const row = rows()[i];
    if (!row) return;
    rows().forEach((r) => r.removeAttribute("aria-selected"));
    row.setAttribute("aria-selected", "true");
    row.querySelector("a")?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const busy = (e) => e.isComposing || e.keyCode === 229 || e.ctrlKey || e.metaKey || e.altKey ||
    document.querySelector("dialog[open]") ||
    e.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && !e.isComposing && e.keyCode !== 229) {
      const form = e.target.closest?.("textarea")?.form; // by its main button, whose name the server may go by
      form?.requestSubmit([...form.elements].find((el) => el.matches("button.btn-primary[type=submit]")));
      return;
    }
    if (busy(e) || document.body.classList.contains("no-keys")) return;
    const row = rows()[chosen()];
    if (e.key === "j") go(chosen() + 1);
    else if (e.key === "k") go(chosen() - 1);
    else if (e.key === "x") row?.querySelector("input[type=checkbox]")?.click();
    else if (e.key === "o") row?.querySelector("a")?.click();
    else if (e.key === "/" && $("q")) { e.preventDefault(); $("q").focus(); }
    else if (e.key === "?") $("keys")?.showModal();
    else if (/^[a-z]$/.test(e.key)) {
      // In the quick view, never for another row than the chosen one: it may still show the row before.
      const fits = (el) => !row || !el.dataset.of || el.dataset.of === row.id;
      const keyed = $$(`[data-key="${e.key}"]`).find((el) => (el.href || el.dataset.open || "looks" in el.dataset) && fits(el));
      const control = keyed || (e.key === "e" && document.querySelector("main a[data-view]"));
      if (!control) return;
      e.preventDefault(); // the letter is not typed into the field that the link leads to
      control.click();
    }
  });

  // Bulk bar: how many rows are ticked, and what they come to (data-fen on the row).
  const count = () => {
    const bar = document.querySelector(".bulk");
    if (!bar) return;
    const ticked = rows().filter((r) => r.querySelector("input:checked"));
    const fen = ticked.reduce((sum, r) => sum + Number(r.dataset.fen || 0), 0);
    bar.hidden = !ticked.length;
    const n = bar.querySelector("[data-n]"), sum = bar.querySelector("[data-sum]");
    if (n) n.textContent = ticked.length;
    if (sum) sum.textContent = (fen / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  };
  on("change", "#all", (all) => { $$(".cases tbody input[type=checkbox]").forEach((b) => { b.checked = all.checked; }); count(); });
  on("change", ".cases tbody input[type=checkbox]", count);
  let from; // with Shift, every row from the last one clicked
  on("click", ".cases tbody input[type=checkbox]", (box, e) => {
    const all = $$(".cases tbody input[type=checkbox]"), ends = [all.indexOf(from), all.indexOf(box)].sort((a, b) => a - b);
    if (e.shiftKey && ends[0] >= 0) all.slice(ends[0], ends[1] + 1).forEach((b) => { b.checked = box.checked; });
    from = box;
  });
  on("click", "[data-clear]", () => {
    $$(".cases input:checked").forEach((b) => { b.checked = false; });
    count();
    rows()[Math.max(0, chosen())]?.querySelector("a")?.focus();
  });

  // A list that is looked at: its numbers change in place; the row one comes back to is chosen.
  document.addEventListener("counts", (e) => {
    $$("[data-live]").forEach((el) => {
      const n = e.detail[el.dataset.live];
      if (n !== undefined) el.textContent = n;
    });
    document.title = e.detail.title;
  });
  // Not before htmx listens: the focus shows the row in the quick view.
  document.addEventListener("DOMContentLoaded", () => go(rows().findIndex((row) => row.id && `#${row.id}` === location.hash)));

  // Dialogs and menus.
  on("click", "[data-open]", (el, e) => {
    const box = $(el.dataset.open);
    if (!box?.showModal) return; // without it the link or button does its own work
    e.preventDefault();
    box.showModal();
  });
  on("click", "[data-close]", (el) => (el.closest("dialog") ? el.closest("dialog").close() : el.parentElement.remove()));
  document.addEventListener("click", (e) => $$("details.menu[open]").forEach((m) => { if (!m.contains(e.target)) m.open = false; }));
  document.addEventListener("toggle", (e) => { // a menu opens inside the screen
    const box = e.target.open && e.target.matches?.("details.pick-x") && e.target.querySelector(".drop-down");
    if (!box) return;
    e.target.classList.remove("start", "end");
    const { left: from, right: to } = box.getBoundingClientRect();
    if (to > root.clientWidth) e.target.classList.add("end");
    else if (from < 0) e.target.classList.add("start");
  }, true);
  addEventListener("keydown", (e) => {
    const open = e.key === "Escape" && document.querySelector("details.menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  // Evidence slots: drop and paste fill the file field; with data-stage each file is sent at once.
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
  const changed = (slot) => slot.closest("form")?.dispatchEvent(new Event("change", { bubbles: true }));
  const mark = (slot, wrong) => {
    slot.querySelector(".drop")?.classList.toggle("is-invalid", wrong);
    if (!wrong) slot.querySelector("input[type=file]").removeAttribute("aria-invalid");
  };
  const complain = (slot, text) => {
    mark(slot, true);
    const p = document.createElement("p");
    p.className = "err";
    p.textContent = text;
    slot.querySelector("[data-errors]").append(p);
  };
  // A form that is sent while files are on their way goes when the last of them has arrived.
  const held = new Map(), underway = (form) => $$(".slot .shots progress", form).length > 0;
  const release = (form) => {
    if (!held.has(form) || underway(form)) return;
    const button = held.get(form);
    held.delete(form);
    button?.removeAttribute("aria-busy");
    form.requestSubmit(button);
  };
  const stage = (slot, file) => {
    const list = slot.querySelector(".shots"), line = document.createElement("li");
    const bar = document.createElement("progress"), name = document.createElement("span"), part = document.createElement("b");
    name.className = "name";
    name.textContent = file.name;
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    line.append(bar, part, name);
    list.append(line);
    const body = new FormData();
    body.append("file", file);
    body.append("slot", slot.dataset.slot || "");
    const ask = new XMLHttpRequest();
    ask.open("POST", slot.dataset.stage);
    ask.setRequestHeader("X-CSRFToken", token());
    ask.setRequestHeader("HX-Request", "true");
    ask.upload.onprogress = (e) => {
      if (!e.lengthComputable) return;
      bar.value = (e.loaded / e.total) * 100;
      part.textContent = `${Math.floor(bar.value)}%`;
    };
    const form = slot.closest("form");
    const fail = (text) => { line.remove(); complain(slot, text); held.delete(form); };
    ask.onload = () => {
      // The answer is a part of a page: our own template, which has escaped what it shows.
      if (ask.status >= 200 && ask.status < 300) { line.outerHTML = ask.responseText; changed(slot); release(form); } // nosemgrep: html-from-script
      else if (ask.getResponseHeader("Content-Type")?.startsWith("text/plain")) fail(ask.responseText.trim());
      else fail(words.uploadFailed.replace("{file}", file.name));
    };
    ask.onerror = () => fail(words.uploadFailed.replace("{file}", file.name));
    ask.send(body);
  };
  const preview = (slot, files) => {
    const list = slot.querySelector(".shots");
    $$("li.local", list).forEach((li) => li.remove());
    [...files].forEach((file) => {
      const line = document.createElement("li"), name = document.createElement("span");
      line.className = "local";
      name.className = "name";
      name.textContent = file.name;
      if (file.type.startsWith("image/")) {
        const img = document.createElement("img");
        img.alt = "";
        img.src = URL.createObjectURL(file);
        img.onload = () => URL.revokeObjectURL(img.src);
        line.append(img);
      }
      line.append(name);
      list.append(line);
    });
  };
  const take = (slot, files) => {
    slot.querySelector("[data-errors]")?.replaceChildren();
    mark(slot, false);
    const input = slot.querySelector("input[type=file]");
    if (slot.dataset.stage) {
      const room = (Number(slot.dataset.most) || 99) - $$(".shots:not(.picks) li, .picks :checked", slot).length;
      [...files].slice(0, Math.max(0, room)).forEach((file) => stage(slot, file));
      if (files.length > room) complain(slot, slot.dataset.tooMany);
      input.value = "";
      return;
    }
    if (files !== input.files) {
      const box = new DataTransfer();
      if (input.multiple) [...input.files].forEach((f) => box.items.add(f));
      [...files].forEach((f) => (input.multiple || !box.items.length) && box.items.add(f));
      input.files = box.files;
    }
    preview(slot, input.files);
  };
  on("change", ".slot input[type=file]", (input) => take(input.closest(".slot"), input.files));
  ["dragover", "dragleave", "drop"].forEach((type) => on(type, ".drop", (zone, e) => {
    e.preventDefault();
    zone.classList.toggle("over", type === "dragover");
    if (type === "drop" && e.dataTransfer.files.length) take(zone.closest(".slot"), e.dataTransfer.files);
  }));
  // A picture may be pasted while writing: it goes to the slot under the hand, else to the last one
  // used, else to the first with room.
  let used = null;
  ["pointerover", "focusin"].forEach((type) => on(type, ".slot", (slot) => { used = slot; }));
  document.addEventListener("paste", (e) => {
    const files = e.clipboardData?.files;
    if (!files?.length) return;
    const form = e.target.closest?.("form") || document;
    const slot = e.target.closest?.(".slot") || (used?.isConnected && used) || form.querySelector(".slot");
    if (!slot) return;
    e.preventDefault();
    take(slot, files);
  });
  on("click", ".slot [data-remove]", (button, e) => {
    const slot = button.closest(".slot");
    e.preventDefault();
    button.closest("li").remove();
    changed(slot);
  });

  // Drafts: a form with data-draft is posted as it stands, a second after the last key, when a field
  // is left and when the page is; files are in it by their tokens. What fails is tried again.
  const unsaved = new Set(), timers = new WeakMap(), asks = new WeakMap();
  const draft = (form) => {
    const body = new FormData(form);
    [...body].forEach(([name, value]) => value instanceof File && body.delete(name));
    body.append("draft", "auto");
    return body;
  };
  const notes = (form) => $$("[data-draft-note]", form);
  const noted = (form, text, kept) => {
    notes(form).forEach((note) => { note.textContent = text; note.ariaBusy = unsaved.has(form) ? "true" : null; });
    if (kept) $$(".draft-x [hidden]", form).forEach((button) => { button.hidden = false; });
  };
  const later = (form, ms) => {
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => save(form), ms));
  };
  const save = async (form) => { // one after the other: an older one that is slow never comes after a newer one
    clearTimeout(timers.get(form));
    if (asks.has(form) || !unsaved.delete(form)) return;
    const ask = new AbortController(), late = setTimeout(() => ask.abort(new Error("late")), 15000);
    asks.set(form, ask);
    try {
      const answer = await fetch(form.action, { method: "POST", body: draft(form), signal: ask.signal });
      if (!answer.headers.get("Content-Type")?.startsWith("text/plain")) throw new Error(answer.statusText);
      noted(form, await answer.text(), answer.ok);
      if (unsaved.has(form)) later(form, 1000);
    } catch (error) {
      if (error.name === "AbortError") return;
      noted(form, words.draftOff);
      unsaved.add(form);
      later(form, 10000);
    } finally {
      clearTimeout(late);
      asks.delete(form);
    }
  };
  const rest = (form) => { // it is sent or given up: nothing of it is to be kept
    unsaved.delete(form);
    clearTimeout(timers.get(form));
    asks.get(form)?.abort();
  };
  ["input", "change"].forEach((type) => document.addEventListener(type, (e) => {
    const form = e.target.form || e.target;
    if (!form.matches?.("form[data-draft]") || form.dataset.sent) return;
    unsaved.add(form);
    notes(form).forEach((note) => { note.ariaBusy = "true"; }); // what it says is not of this any more
    later(form, 1000);
  }));
  document.addEventListener("focusout", (e) => unsaved.has(e.target.form) && save(e.target.form));
  addEventListener("online", () => unsaved.forEach(save));
  addEventListener("pagehide", () => unsaved.forEach((form) => navigator.sendBeacon(form.action, draft(form))));

  // A form that fits itself to what was chosen (refresh=1) is answered as it was when it asked. If it has gone on
  // since (typed in, a word half composed, a picture on its way), it asks again instead of losing that.
  let composing = false;
  document.addEventListener("compositionstart", () => { composing = true; });
  document.addEventListener("compositionend", () => { composing = false; });
  const asked = new WeakMap();
  const stands = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value.name ?? value]));
  const again = (form, at, type) => setTimeout(() => {
    if (composing || underway(form)) again(form, at, type);
    else if (at.isConnected) window.htmx.trigger(at, type);
  }, 500);
  const fitting = (act) => (e) => {
    const { xhr, target, requestConfig: { elt, parameters, triggeringEvent } } = e.detail, form = elt.closest("form");
    if (!form || !parameters.refresh || !target.querySelector("[name]")) return;
    const from = triggeringEvent?.target, at = from?.isConnected && !from.closest(".slot") ? from : elt;
    act(e, xhr, form, () => again(form, at, triggeringEvent?.type || "change"));
  };
  document.addEventListener("htmx:beforeSend", fitting((e, xhr, form) => asked.set(xhr, stands(form))));
  document.addEventListener("htmx:beforeSwap", fitting((e, xhr, form, askAgain) => {
    if (!composing && !underway(form) && asked.get(xhr) === stands(form)) return;
    e.detail.shouldSwap = false;
    askAgain();
  }));

  // Small things: copy, character counts, double submits, toasts, error summary.
  on("click", "[data-copy]", async (el) => {
    const done = await navigator.clipboard?.writeText(el.dataset.copy).then(() => true, () => false);
    if (!done) { toast(words.notCopied, "danger"); return; } // no clipboard without https, or not allowed
    say(words.copied);
    const was = el.dataset.was || (el.dataset.was = el.textContent);
    el.textContent = words.copied;
    setTimeout(() => { el.textContent = was; }, 1500);
  });
  on("click", "[data-insert]", (el) => {
    const into = $(el.dataset.into);
    into.setRangeText(el.dataset.insert, into.selectionStart, into.selectionEnd, "end");
    into.focus();
    into.dispatchEvent(new Event("input", { bubbles: true }));
  });
  on("click", "[data-print]", () => print());
  on("input", "[data-count]", (el) => { const out = $(el.dataset.count); if (out) out.textContent = el.value.length; });
  document.addEventListener("toast", (e) => toast(e.detail?.value));
  document.addEventListener("submit", (e) => {
    const form = e.target;
    dirty.delete(form);
    rest(e.submitter?.closest("form[data-draft]") || form); // 放弃草稿 stands in the form that it empties
    if (form.method !== "post" || form.hasAttribute("hx-post") || "again" in form.dataset || e.defaultPrevented) return;
    if (form.dataset.sent) { e.preventDefault(); return; }
    if (underway(form)) {
      e.preventDefault();
      held.set(form, e.submitter);
      e.submitter?.setAttribute("aria-busy", "true");
      return;
    }
    form.dataset.sent = 1;
    e.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", (e) => e.persisted && $$("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    $$("[aria-busy]", form).forEach((b) => b.removeAttribute("aria-busy"));
  }));
  const fade = (el) => setTimeout(() => el.remove(), 6000);
  const toast = (text, kind = "success") => {
    if (!text || !$("toasts")) return;
    const box = document.createElement("div");
    box.className = `toast-x ${kind}`;
    box.textContent = text;
    $("toasts").append(box);
    fade(box);
  };
  $$(".toast-x.success, .toast-x.info").forEach(fade);
  // In a list of places that scrolls sideways, where one is stands in the middle.
  const centre = (list) => {
    const here = list.querySelector("[aria-current]")?.getBoundingClientRect(), all = list.getBoundingClientRect();
    if (here) list.scrollLeft += here.left - all.left - (all.width - here.width) / 2;
  };
  // Enter in a field presses the first button of its form: not one that is there for want of script.
  const settle = (part = document) => {
    $$("button.no-js, .no-js button", part).forEach((button) => button.remove());
    part.querySelector("[data-focus]")?.focus();
    $$(".side, .tabs", part).forEach(centre);
    // The next number that is scanned takes the place of the last.
    const scanned = part.querySelector("[data-scan]");
    if (scanned?.value === scanned?.defaultValue) scanned?.select();
    count();
    tick();
  };
  settle();
  document.addEventListener("htmx:afterSettle", (e) => settle(e.target));
  // A part that refreshes by itself says once that it can't, and stays as it was.
  const stale = (e, why) => {
    const part = e.detail.elt?.closest?.("[data-poll]");
    if (!part) return false;
    if (!part.dataset.lost) toast(why || words.stale, "info");
    part.dataset.lost = 1;
    return true;
  };
  document.addEventListener("htmx:afterRequest", (e) => {
    if (e.detail.successful) delete e.detail.elt?.closest?.("[data-lost]")?.dataset.lost;
  });
  document.addEventListener("htmx:responseError", (e) => {
    const xhr = e.detail.xhr, page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const said = page.querySelector("[data-error]")?.textContent.trim();
    if (!stale(e, xhr.status === 401 && said)) toast(said || words.failed, "danger");
  });
  document.addEventListener("allauth.error", () => toast(words.noKey, "danger"));
  ["htmx:sendError", "htmx:timeout"].forEach((type) => document.addEventListener(type, (e) => stale(e) || toast(words.offline, "danger")));
})();
