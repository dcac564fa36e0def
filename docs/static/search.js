// A section matches if it contains every word of the query; a word in its title counts more than one in its text.
// Lessons come before the API, because most who search for a word want to know what it means.
(() => {
  const MOST = { lessons: 12, api: 25 };
  const asked = new URLSearchParams(location.search).get("q") ?? "";
  const box = document.querySelector("input[type=search]");
  const found = document.getElementById("found");

  const score = (entry, words) => {
    const title = entry.title.toLowerCase();
    const text = entry.text.toLowerCase();
    let sum = 0;
    for (const word of words) {
      const here = (title.includes(word) ? 10 : 0) + Math.min(text.split(word).length - 1, 5);
      if (!here) return 0;
      sum += here;
    }
    return sum;
  };

  const excerpt = (text, word) => {
    const at = Math.max(text.toLowerCase().indexOf(word) - 60, 0);
    return (at ? "… " : "") + text.slice(at, at + 200) + (text.length > at + 200 ? " …" : "");
  };

  const item = (entry, word) => {
    const line = document.createElement("li");
    const link = document.createElement("a");
    link.href = entry.url;
    link.textContent = entry.title;
    line.append(link);
    if (entry.page !== "API") line.append(` (${entry.page})`);
    line.append(document.createElement("br"), excerpt(entry.text, word));
    return line;
  };

  const fill = (name, entries, words) => {
    const group = document.getElementById(name);
    group.hidden = !entries.length;
    group.querySelector("ol").replaceChildren(...entries.slice(0, MOST[name]).map((entry) => item(entry, words[0])));
  };

  const count = (entries, most, where) => {
    const shown = entries.length > most ? `, of which ${most} are shown` : "";
    return `${entries.length} in ${where}${shown}`;
  };

  const show = (question) => {
    const words = question.toLowerCase().split(/\s+/).filter(Boolean);
    const scored = words.length ? window.searchIndex.map((entry) => [score(entry, words), entry]) : [];
    const ranked = scored.filter(([points]) => points).sort((a, b) => b[0] - a[0]).map(([, entry]) => entry);
    const [api, lessons] = [ranked.filter(({ page }) => page === "API"), ranked.filter(({ page }) => page !== "API")];
    fill("lessons", lessons, words);
    fill("api", api, words);
    if (!words.length) found.textContent = "Type a word above and press Enter.";
    else if (!ranked.length) found.textContent = `No results for “${question}”`;
    else found.textContent = `${count(lessons, MOST.lessons, "lessons and pages")}; ${count(api, MOST.api, "the API")}.`;
  };

  box.value = asked;
  box.addEventListener("input", () => show(box.value));
  show(asked);
})();
