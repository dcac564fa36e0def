// A section matches if it contains every word of the query; a word in its title counts more than one in its text.
(() => {
  const asked = new URLSearchParams(location.search).get("q") ?? "";
  const box = document.querySelector("input[type=search]");
  const found = document.getElementById("found");
  const results = document.getElementById("results");

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

  const show = (question) => {
    const words = question.toLowerCase().split(/\s+/).filter(Boolean);
    results.replaceChildren();
    if (!words.length) return;
    const scored = window.searchIndex.map((entry) => [score(entry, words), entry]).filter(([points]) => points);
    scored.sort((a, b) => b[0] - a[0]);
    found.textContent = scored.length ? `${scored.length} result${scored.length === 1 ? "" : "s"}` : `No results for “${question}”`;
    for (const [, entry] of scored.slice(0, 50)) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = entry.url;
      link.textContent = entry.title;
      item.append(link, ` (${entry.page})`, document.createElement("br"), excerpt(entry.text, words[0]));
      results.append(item);
    }
  };

  box.value = asked;
  box.addEventListener("input", () => show(box.value));
  show(asked);
})();
