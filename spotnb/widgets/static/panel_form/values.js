// What is typed, as values for the kernel, which checks them.

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */
/** @typedef {Record<string, unknown>} Values */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} group
 * @property {string} kind
 * @property {string} help
 * @property {string} unit
 * @property {number} step
 * @property {string[]} choices
 * @property {boolean} optional
 */

/**
 * The value of a text in a field. What is not a number in a field for numbers stays a text, which the kernel refuses by
 * name.
 * @param {Pick<Field, "kind" | "optional">} field
 * @param {string} text
 */
export function typedValue({ kind, optional }, text) {
  if (kind !== "number" && kind !== "whole") return text;
  if (text.trim() === "") return optional ? null : text;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}
