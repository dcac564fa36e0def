// The Mersenne Twister MT19937, torch's generator on the CPU.
// Source: Matsumoto & Nishimura (1998), "Mersenne Twister: A 623-dimensionally equidistributed uniform pseudo-random
// number generator".

const SIZE = 624;
const MIDDLE = 397;
const TWIST = 0x9908b0df;

export class Twister {
  #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** @param {number} seed of which the lower 32 bits count */
  constructor(seed) {
    const state = this.#state;
    state[0] = seed;
    for (let k = 1; k < SIZE; k += 1) {
      const before = state[k - 1];
      state[k] = Math.imul(1812433253, before ^ (before >>> 30)) + k;
    }
  }

  /** The next 32 random bits, as a number from 0 to 2 ** 32 - 1. */
  word() {
    if (this.#next === SIZE) this.#twist();
    let bits = this.#state[this.#next];
    this.#next += 1;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  #twist() {
    const state = this.#state;
    for (let k = 0; k < SIZE; k += 1) {
      const joined = (state[k] & 0x80000000) | (state[(k + 1) % SIZE] & 0x7fffffff);
      state[k] = state[(k + MIDDLE) % SIZE] ^ (joined >>> 1) ^ (joined & 1 ? TWIST : 0);
    }
    this.#next = 0;
  }
}
