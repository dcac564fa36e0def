// The two buttons above the comparison: each plays the sound from its start, as that run has it.
(() => {
  const inside = () => document.querySelector("iframe.widget").contentDocument;

  const hear = (run) => {
    inside().querySelectorAll(".spotnb-name")[run].click();
    inside().querySelector("button[aria-label='Play the sound']")?.click();
  };

  for (const button of document.querySelectorAll("button[data-hear]")) {
    button.addEventListener("click", () => hear(Number(button.dataset.hear)));
  }
})();
