// Opening the settings of a run: the manifest that `spotnb generate` writes, chosen as a file or dropped on the form.

/** @import { View } from "../../../widgets/static/shared/view.js" */
/** @import { Description } from "../model.js" */
/** @import { Settings } from "../settings.js" */

import { h } from "../../../widgets/static/shared/dom.js";
import { pressable } from "../../../widgets/static/shared/keys.js";
import { LiveError } from "../errors.js";
import { settingsFrom } from "../from_manifest.js";
import { planRun } from "./plan.js";

const LARGEST = 1_000_000; // bytes: a manifest has some thousands

/** @typedef {{ open: (settings: Settings, file: string) => void, complain: (words: string) => void }} Actions */

/**
 * @param {View} view
 * @param {Description} description
 * @param {Actions} actions
 */
export function createOpener(view, description, { open, complain }) {
  const chosen = h("input", { type: "file", accept: ".json,application/json", hidden: true });
  const choose = pressable(view, {}, "Open a manifest", () => chosen.click());
  /** @param {Iterable<File>} files */
  async function read(files) {
    const [file, ...others] = files;
    if (!file) return;
    complain("");
    try {
      if (others.length) throw new LiveError(`${1 + others.length} files came: expected one; open one manifest`);
      open(await settingsOf(file, description), file.name);
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  }
  view.listen(chosen, "change", () => {
    read([...(chosen.files ?? [])]);
    chosen.value = ""; // so that the same file can be chosen again
  });
  acceptDrops(view, read);
  const about = "the .json file that spotnb generate writes; you can also drop it here";
  return h("div", { class: "spotnb-row" }, choose, h("small", { class: "spotnb-help" }, about), chosen);
}

/**
 * The settings that a file holds, if a page can make them.
 * @param {File} file
 * @param {Description} description
 */
export async function settingsOf(file, description) {
  const text = file.size <= LARGEST ? await file.text() : "";
  if (!text.trimStart().startsWith("{")) {
    throw new LiveError(`${file.name} is not a manifest: expected the .json file that spotnb generate writes; open it`);
  }
  try {
    const settings = settingsFrom(text, description);
    planRun(settings, description); // refuses what is too long for a page
    return settings;
  } catch (error) {
    if (!(error instanceof LiveError)) throw error;
    throw new LiveError(`${file.name}: ${error.message}`);
  }
}

/**
 * Files that are dropped on the view, which says so while they are above it.
 * @param {View} view
 * @param {(files: File[]) => void} read
 */
function acceptDrops({ root, listen }, read) {
  const over = (/** @type {boolean} */ is) => root.toggleAttribute("data-drop", is);
  listen(root, "dragenter dragover", (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    over(true);
  });
  listen(root, "dragleave", (/** @type {DragEvent} */ event) => {
    if (!(event.relatedTarget instanceof Node && root.contains(event.relatedTarget))) over(false);
  });
  listen(root, "drop", (/** @type {DragEvent} */ event) => {
    over(false);
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    read([...event.dataTransfer.files]);
  });
}
