// Light or dark: JupyterLab and Notebook say so on <body>; anywhere else the browser decides. Their dark theme and
// `prefers-color-scheme` know nothing of each other.
const QUERY = "(prefers-color-scheme: dark)";

function isDark() {
  const light = document.body.dataset.jpThemeLight;
  return light === undefined ? window.matchMedia(QUERY).matches : light === "false";
}

// Keeps `data-theme` on `root` and calls `changed` after it did. Returns a function that ends this.
export function followTheme(root, changed) {
  const apply = () => {
    const theme = isDark() ? "dark" : "light";
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    changed();
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const media = window.matchMedia(QUERY);
  media.addEventListener("change", apply);
  apply();
  return () => {
    observer.disconnect();
    media.removeEventListener("change", apply);
  };
}

const NAMES = ["ink", "muted", "line", "surface", "panel", "tile-dark", "tile-light", "on-dark", "on-light", "seam", "ghost", "mark", "halo"];

// The custom properties of the style sheet as an object, `colours.tileDark` for `--spotnb-tile-dark`.
export function readColours(root) {
  const style = getComputedStyle(root);
  const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(NAMES.map((name) => [camel(name), style.getPropertyValue(`--spotnb-${name}`).trim()]));
}
