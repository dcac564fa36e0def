// The two buttons above the comparison: each switches to its run, and starts the sound if it is not playing.
(() => {
  const inside = () => document.querySelector("iframe.widget").contentDocument;

  const hear = (run) => {
    inside().querySelectorAll(".spotnb-name")[run].click();
    inside().querySelector(".spotnb-comparison button[aria-label^='Play']")?.click();
  };

  for (const button of document.querySelectorAll("button[data-hear]")) {
    button.addEventListener("click", () => hear(Number(button.dataset.hear)));
  }
})();
