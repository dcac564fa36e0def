// The sentences of the form.
/** @type {readonly (readonly [string, string])[]} */
export const KEYS = [
  ["Ctrl+Enter", "in the prompt: run"],
  ["Tab", "next field or button"],
  ["Space", "press a button, open a group"],
  ["↑ ↓", "in number fields: change the value"],
];

/** @param {number} count */
export function unknownWords(count) {
  return count === 1
    ? "The model does not know this word and ignores it:"
    : "The model ignores words it does not know:";
}
