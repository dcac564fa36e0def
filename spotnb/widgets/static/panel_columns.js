// The two columns of SamplerPanel in marimo. Each part is a widget of its own, whose view appears here.
import { h } from "./shared/dom.js";

/** @import { Given } from "./shared/view.js" */

/** @typedef {{ render: (at: { el: HTMLElement, signal: AbortSignal }) => Promise<void> }} Part */
/** @typedef {{ getWidget: (reference: string) => Promise<Part> }} Host */
/** @typedef {{ place: HTMLElement, end: AbortController }} Shown */

const COLUMNS = ["left", "right"];

/** @param {Given & { host?: Host }} given */
function render({ model, el, host }) {
  if (!host) {
    el.textContent = "SamplerPanel needs a newer marimo: pip install -U marimo";
    return () => {};
  }
  /** @type {Map<string, Shown>} */
  const parts = new Map();
  const columns = COLUMNS.map((name) => h("div", { class: `spotnb-column-${name}` }));
  const arrange = () => {
    const wanted = COLUMNS.map((name) => /** @type {string[]} */ (model.get(name)));
    for (const [reference, { place, end }] of parts) {
      if (wanted.flat().includes(reference)) continue;
      end.abort();
      place.remove();
      parts.delete(reference);
    }
    wanted.forEach((references, k) => {
      references.forEach((reference, place) => {
        const held = parts.get(reference) ?? open(host, reference);
        parts.set(reference, held);
        const there = columns[k].children[place] ?? null;
        if (there !== held.place) columns[k].insertBefore(held.place, there); // what stays in place keeps its focus
      });
    });
  };
  const names = COLUMNS.map((name) => `change:${name}`);
  for (const name of names) model.on(name, arrange);
  el.append(h("div", { class: "spotnb-columns" }, ...columns));
  arrange();
  return () => {
    for (const name of names) model.off(name, arrange);
    for (const { end } of parts.values()) end.abort();
  };
}

/** @param {Host} host @param {string} reference @returns {Shown} */
function open(host, reference) {
  const shown = { place: h("div", {}), end: new AbortController() };
  host.getWidget(reference).then(
    (part) => (shown.end.signal.aborted ? undefined : part.render({ el: shown.place, signal: shown.end.signal })),
    (error) => shown.place.append(`This part cannot be shown: ${error.message}`),
  );
  return shown;
}

export default { render };
