function show(box, text) {
  box.innerHTML = text; // seed: semgrep html-from-script
  box.insertAdjacentHTML("beforeend", text); // seed: semgrep html-from-script
  eval(text); // seed: semgrep html-from-script
}
