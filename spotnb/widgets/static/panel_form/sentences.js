// The sentences of the form.
export const KEYS =
  "In the prompt: Ctrl+Enter runs. Tab moves to the next field or button; Space presses a button and opens a group. " +
  "In number fields: up and down change the value.";

/** @param {number} count */
export function unknownWords(count) {
  return count === 1
    ? "The model does not know this word and ignores it:"
    : "The model ignores words it does not know:";
}
