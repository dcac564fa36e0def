// The theme, the contents list, and the frames of the widgets, which follow the height of their content and the theme.
(() => {
  const root = document.documentElement;
  const remembered = () => { try { return localStorage.getItem("spotnb-theme"); } catch { return null; } };
  const preferred = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = remembered() ?? preferred();

  const dress = (frame) => {
    const inside = frame.contentDocument;
    if (!inside?.body) return;
    inside.documentElement.style.colorScheme = root.dataset.theme;
    inside.body.dataset.jpThemeLight = String(root.dataset.theme === "light");
  };

  const settle = (frame) => {
    const main = frame.contentDocument?.querySelector("main");
    if (!main) return;
    dress(frame);
    const fit = () => { frame.style.height = `${Math.ceil(main.getBoundingClientRect().height) + 4}px`; };
    new ResizeObserver(fit).observe(main);
    fit();
  };

  // A widget that lies in the page itself follows its body.
  const dressBody = () => { document.body.dataset.theme = root.dataset.theme; };

  // What scrolls sideways must be reachable by keyboard.
  const openToKeys = () => {
    for (const box of document.querySelectorAll("pre, table, figure, .attr, p:has(> math[display=block])")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    const wide = matchMedia("(min-width: 1180px)");
    const list = document.querySelector(".contents details");
    const unfold = () => { if (list) list.open = wide.matches; };
    wide.addEventListener("change", unfold);
    unfold();
    dressBody();
    openToKeys();
    window.addEventListener("resize", openToKeys);
    const frames = [...document.querySelectorAll("iframe.widget")];
    for (const frame of frames) {
      frame.addEventListener("load", () => settle(frame));
      if (frame.contentDocument?.readyState === "complete") settle(frame);
    }
    document.querySelector("button.theme")?.addEventListener("click", () => {
      root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
      try { localStorage.setItem("spotnb-theme", root.dataset.theme); } catch { /* for this page only */ }
      frames.forEach(dress);
      dressBody();
    });
  });
})();
