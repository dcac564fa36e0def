// numpy's SeedSequence: one word from a seed and a key, so that every draw has a stream of its own.
// Source: numpy/random/bit_generator.pyx, after O'Neill (2015), "Developing a seed_seq Alternative".

const POOL = 4; // words
const FIRST = { start: 0x43b0d7e5, factor: 0x931e8875 }; // of the hash that fills the pool
const LAST = { start: 0x8b51f9dd, factor: 0x58f38ded }; // of the hash that reads it
const MIX_LEFT = 0xca01f9dd;
const MIX_RIGHT = 0x4973f715;
const WORD = 32n;
const WORD_MASK = (1n << WORD) - 1n;

/** @typedef {number | bigint} Whole a whole number of at least 0 */

/** @param {number} value */
const folded = (value) => (value ^ (value >>> 16)) >>> 0;

/**
 * A hash whose constant changes with every call.
 * @param {{ start: number, factor: number }} constants
 */
function hashing({ start, factor }) {
  let constant = start;
  return (/** @type {number} */ value) => {
    const mixed = value ^ constant;
    constant = Math.imul(constant, factor);
    return folded(Math.imul(mixed, constant) >>> 0);
  };
}

/** @param {number} left @param {number} right */
const mix = (left, right) => folded((Math.imul(MIX_LEFT, left) - Math.imul(MIX_RIGHT, right)) >>> 0);

/**
 * The 32-bit words of a number, the lowest first.
 * @param {Whole} number
 */
function words(number) {
  const found = [];
  let rest = BigInt(number);
  do {
    found.push(Number(rest & WORD_MASK));
    rest >>= WORD;
  } while (rest > 0n);
  return found;
}

/**
 * `SeedSequence(seed, spawn_key=key).generate_state(1, uint64)[0]`.
 * @param {Whole} seed
 * @param {Whole[]} key
 */
export function seedWord(seed, key) {
  const own = words(seed);
  while (key.length && own.length < POOL) own.push(0); // keeps a long seed apart from a short one with a key
  const entropy = [...own, ...key.flatMap(words)];
  const hash = hashing(FIRST);
  const pool = Array.from({ length: POOL }, (_, k) => hash(entropy[k] ?? 0));
  for (let source = 0; source < POOL; source += 1) {
    for (let target = 0; target < POOL; target += 1) {
      if (source !== target) pool[target] = mix(pool[target], hash(pool[source]));
    }
  }
  for (const word of entropy.slice(POOL)) {
    for (let target = 0; target < POOL; target += 1) pool[target] = mix(pool[target], hash(word));
  }
  const read = hashing(LAST);
  const low = read(pool[0]);
  return (BigInt(read(pool[1])) << WORD) | BigInt(low);
}
