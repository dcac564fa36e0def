// Light or dark. JupyterLab and Notebook, VS Code and marimo each set an attribute on <body>; anywhere else the browser
// decides. Their dark themes are independent of `prefers-color-scheme`.
const QUERY = "(prefers-color-scheme: dark)";
const ATTRIBUTES = ["data-jp-theme-light", "data-vscode-theme-kind", "data-theme"];
/** @type {Record<string, boolean>} */
const NAMED = {
  "vscode-light": false,
  "vscode-high-contrast-light": false,
  "vscode-dark": true,
  "vscode-high-contrast": true,
  light: false,
  dark: true,
};

function isDark() {
  const { jpThemeLight, vscodeThemeKind, theme } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false";
  return NAMED[vscodeThemeKind ?? theme ?? ""] ?? window.matchMedia(QUERY).matches;
}

/**
 * Keeps `data-theme` on `root` up to date and calls `changed` after each change. Returns a function that stops it.
 * @param {HTMLElement} root
 * @param {() => void} changed
 */
export function followTheme(root, changed) {
  const apply = () => {
    const theme = isDark() ? "dark" : "light";
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    changed();
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ATTRIBUTES });
  const media = window.matchMedia(QUERY);
  media.addEventListener("change", apply);
  apply();
  return () => {
    observer.disconnect();
    media.removeEventListener("change", apply);
  };
}

/**
 * The colors of the theme.
 * @typedef {object} Colors
 * @property {string} ink
 * @property {string} muted
 * @property {string} line
 * @property {string} surface
 * @property {string} panel
 * @property {string} tileDark
 * @property {string} tileLight
 * @property {string} onDark
 * @property {string} onLight
 * @property {string} seam
 * @property {string} ghost
 * @property {string} mark
 * @property {string} halo
 * @property {string} wave
 */

/**
 * The custom properties of the style sheet, `tileDark` for `--spotnb-tile-dark`.
 * @param {HTMLElement} root
 * @returns {Colors}
 */
export function readColors(root) {
  const style = getComputedStyle(root);
  const of = (/** @type {string} */ name) => style.getPropertyValue(`--spotnb-${name}`).trim();
  const [tileDark, tileLight] = [of("tile-dark"), of("tile-light")];
  return {
    ink: of("ink"),
    muted: of("muted"),
    line: of("line"),
    surface: of("surface"),
    panel: of("panel"),
    tileDark,
    tileLight,
    onDark: of("on-dark"),
    onLight: of("on-light"),
    seam: of("seam"),
    ghost: of("ghost"),
    mark: of("mark"),
    halo: of("halo"),
    wave: root.dataset.theme === "dark" ? tileLight : tileDark,
  };
}
