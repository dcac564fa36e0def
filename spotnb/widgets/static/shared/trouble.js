// What is wrong with a form, told at the field that it is about.
import { h, uniqueId } from "./dom.js";

/**
 * Place `elements` after the fields that are always visible: what is wrong with one of them is told there.
 * @param {Record<string, HTMLElement>} rows the fields with their labels
 * @param {Record<string, HTMLElement>} controls
 */
export function createTrouble(rows, controls) {
  const element = h("p", { class: "spotnb-trouble", role: "alert", id: uniqueId(), hidden: true });
  const home = document.createComment("what is wrong");
  let [named, marked] = ["", ""];
  const open = () => {
    const group = rows[marked]?.closest("details");
    if (group) group.open = true;
    return group;
  };
  const mark = (/** @type {string} */ name) => {
    controls[marked]?.removeAttribute("aria-invalid");
    controls[marked]?.removeAttribute("aria-errormessage");
    [named, marked] = [name, name in controls ? name : ""];
    if (open()) rows[marked].append(element);
    else home.after(element);
    controls[marked]?.setAttribute("aria-invalid", "true");
    controls[marked]?.setAttribute("aria-errormessage", element.id);
  };
  return {
    elements: [home, element],
    /** Shows what is wrong with a field, or with none of them. */
    show(/** @type {string} */ text, /** @type {string} */ name) {
      if (element.textContent !== text) element.textContent = text;
      element.hidden = !text;
      if (named !== name) mark(name);
    },
    /** Moves the focus to the field, because a button cannot do its work. */
    focus() {
      open();
      controls[marked]?.focus();
    },
  };
}
