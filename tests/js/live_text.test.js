import assert from "node:assert/strict";
import test from "node:test";
import { encode, readText } from "../../spotnb/live/static/text.js";
import { fixture } from "./live_fixtures.js";

const [tokenizer, ...cases] = fixture("texts");

test("tokens are those of the embedded model", () => {
  for (const { text, ids } of cases) {
    const encoded = encode([text], tokenizer);
    assert.deepEqual([...encoded.ids].map(Number), ids, text);
    assert.deepEqual(encoded.dims, [1, ids.length]);
  }
});

test("unknown words, words that are cut, and texts of which nothing is read are those of Python", () => {
  for (const { text, unknown, cut, empty } of cases) {
    assert.deepEqual(readText(text, tokenizer), { unknown, cut, empty }, text);
  }
});

test("shorter texts are padded", () => {
  const { ids, mask, dims } = encode(["calm piano", ""], tokenizer);
  assert.deepEqual(dims, [2, 4]);
  assert.deepEqual([...ids.slice(4)].map(Number), [0, 2, 1, 1]);
  assert.deepEqual([...mask].map(Number), [1, 1, 1, 1, 1, 1, 0, 0]);
});
