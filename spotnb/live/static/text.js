// The tokenizer of the embedded model, and how much of a text it reads, see `spotnb.models.words`.

/**
 * @typedef {object} Tokenizer
 * @property {Record<string, number>} vocabulary
 * @property {Record<string, number>} special tokens that a text may spell out
 * @property {number} begin
 * @property {number} end
 * @property {number} padding
 * @property {number} unknown
 * @property {number} limit the most tokens of a text, with `begin` and `end`
 */

/** @typedef {{ id: number, start: number, stop: number }} Token a token, and the characters that it stands for */

/**
 * @typedef {object} Reading
 * @property {string[]} unknown the words and signs that the model does not know
 * @property {string[]} cut the words past the longest text that it takes
 * @property {boolean} empty whether nothing is left of the text
 */

const WORD = /[0-9]+(?=bpm(?![\p{L}\p{M}\p{N}\p{Pc}]))|[a-z0-9]+/gu;
const SPACE = /\p{White_Space}/u;

/**
 * The tokens of a text, without those that begin and end it. Places count characters, not UTF-16 units.
 * @param {string} text
 * @param {Tokenizer} tokenizer
 * @returns {Token[]}
 */
export function tokens(text, { vocabulary, special, unknown }) {
  const spelled = new RegExp(Object.keys(special).map(escaped).join("|"), "gu");
  const found = [];
  let [read, place] = [0, 0];
  const words = (/** @type {string} */ part) => {
    const { lowered, places } = lowercase(part);
    for (const match of lowered.matchAll(WORD)) {
      const [start, last] = [places[match.index], places[match.index + match[0].length - 1]];
      found.push({ id: vocabulary[match[0]] ?? unknown, start: place + start, stop: place + last + 1 });
    }
    place += [...part].length;
  };
  for (const match of text.matchAll(spelled)) {
    words(text.slice(read, match.index));
    found.push({ id: special[match[0]], start: place, stop: place + match[0].length });
    place += match[0].length;
    read = match.index + match[0].length;
  }
  words(text.slice(read));
  return found;
}

/** @param {string} text */
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");

/**
 * A text in lower case, and for each of its UTF-16 units the character that it comes from.
 * @param {string} text
 */
function lowercase(text) {
  /** @type {number[]} */
  const places = [];
  const lowered = [...text].map((character, place) => {
    const lower = character.toLowerCase();
    for (let k = 0; k < lower.length; k += 1) places.push(place);
    return lower;
  });
  return { lowered: lowered.join(""), places };
}

/**
 * What the text encoder receives for some texts: their tokens, padded to the longest, and which of them are not padding.
 * @param {string[]} texts
 * @param {Tokenizer} tokenizer
 */
export function encode(texts, tokenizer) {
  const { begin, end, padding, limit } = tokenizer;
  const rows = texts.map((text) => {
    const ids = tokens(text, tokenizer).map(({ id }) => id);
    return [begin, ...ids.slice(0, limit - 2), end];
  });
  const longest = Math.max(...rows.map((row) => row.length));
  const cells = (/** @type {(row: number[], k: number) => number} */ value) =>
    BigInt64Array.from(rows.flatMap((row) => Array.from({ length: longest }, (_, k) => BigInt(value(row, k)))));
  return {
    ids: cells((row, k) => row[k] ?? padding),
    mask: cells((row, k) => (k < row.length ? 1 : 0)),
    dims: [rows.length, longest],
  };
}

/**
 * What the model reads of a text.
 * @param {string} text
 * @param {Tokenizer} tokenizer
 * @returns {Reading}
 */
export function readText(text, tokenizer) {
  const found = tokens(text, tokenizer);
  const known = new Set(
    found.flatMap(({ id, start, stop }) =>
      id === tokenizer.unknown ? [] : Array.from({ length: stop - start }, (_, k) => start + k),
    ),
  );
  const characters = [...text];
  const room = tokenizer.limit - 2;
  const end = found.length > room ? found[room].start : characters.length;
  const lost = (/** @type {number} */ place) => !known.has(place) && !/[\p{M}\p{Cf}]/u.test(characters[place]);
  const cutOut = (/** @type {Span} */ [start, stop]) => characters.slice(start, stop).join("");
  const places = (/** @type {Span} */ [start, stop]) => Array.from({ length: stop - start }, (_, k) => start + k);
  return {
    unknown: spans(characters, !found.length)
      .filter((span) => places(span).some(lost))
      .map(cutOut),
    cut: spans(characters, false)
      .filter(([, stop]) => stop > end)
      .map(cutOut),
    empty: characters.some((character) => !SPACE.test(character)) && !found.length,
  };
}

/** @typedef {[start: number, stop: number]} Span */

/**
 * The places of words, and of signs other than those of ASCII. Signs of ASCII count if nothing else stands between two
 * spaces; a single one only if `signs` is set.
 * @param {string[]} characters
 * @param {boolean} signs
 */
function spans(characters, signs) {
  /** @type {Span[]} */
  const found = [];
  for (const [start, stop] of chunks(characters)) {
    const groups = groupsOf(characters, start, stop);
    if (!groups.length && (signs || stop - start > 1)) groups.push([start, stop]);
    found.push(...groups);
  }
  return found;
}

/** @param {string[]} characters */
function chunks(characters) {
  /** @type {Span[]} */
  const found = [];
  let start = 0;
  for (let place = 0; place <= characters.length; place += 1) {
    if (place < characters.length && !SPACE.test(characters[place])) continue;
    if (place > start) found.push([start, place]);
    start = place + 1;
  }
  return found;
}

/**
 * The places of letters and digits in a row, and of other signs in a row.
 * @param {string[]} characters @param {number} start @param {number} stop
 */
function groupsOf(characters, start, stop) {
  /** @type {Span[]} */
  const found = [];
  let [begin, kind] = [start, ""];
  for (let place = start; place <= stop; place += 1) {
    const here = place < stop ? kindOf(characters[place]) || kind : "end";
    if (here === kind) continue;
    if (kind === "word" || kind === "sign") found.push([begin, place]);
    [begin, kind] = [place, here];
  }
  return found;
}

/**
 * "word", "sign", "mark" for a sign that only separates words, or nothing for what extends the character before it.
 * @param {string} character
 */
function kindOf(character) {
  if (/[\p{L}\p{N}]/u.test(character)) return "word";
  if (/[\p{M}\p{Cf}]/u.test(character)) return "";
  return /[\p{ASCII}\p{P}]/u.test(character) ? "mark" : "sign";
}
