import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { draw, normal } from "../../spotnb/live/static/noise.js";
import { seedWord } from "../../spotnb/live/static/seeds.js";
import { drawShift } from "../../spotnb/live/static/shifts.js";
import { Twister } from "../../spotnb/live/static/twister.js";
import { fixture, thin } from "./live_fixtures.js";

test("the words of seeds are numpy's", () => {
  for (const { seed, key, word } of fixture("seeds")) {
    assert.equal(seedWord(BigInt(seed), key.map(BigInt)), BigInt(word), JSON.stringify({ seed, key }));
  }
});

test("the twister is the reference implementation's", () => {
  const twister = new Twister(5489); // the seed and the ten thousandth word of the C++ standard, [rand.predef]
  for (let k = 1; k < 10000; k += 1) twister.word();
  assert.equal(twister.word(), 4123659995);
});

test("noise is torch's, bit for bit", () => {
  for (const { asked, some, sha256 } of fixture("noise")) {
    const drawn = draw(...asked);
    assert.deepEqual(thin(drawn, 4096).map(Math.fround), some.map(Math.fround));
    assert.equal(createHash("sha256").update(drawn).digest("hex"), sha256, JSON.stringify(asked));
  }
});

test("too little noise is refused, because torch draws it by another algorithm", () => {
  assert.throws(() => normal(15, 0), { name: "LiveError", message: /15 numbers: expected at least 16/ });
});

test("shifts are Python's in every schedule", () => {
  for (const { asked, shifts } of fixture("shifts")) {
    const drawn = shifts.map((_, step) => drawShift(asked, step, shifts.length));
    assert.deepEqual(drawn, shifts, JSON.stringify(asked));
  }
});
