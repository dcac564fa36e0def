import assert from "node:assert/strict";
import test from "node:test";
import { createDeliveries } from "../../spotnb/live/static/page/deliveries.js";

const bytes = (...values) => Uint8Array.from(values);

test("a file is taken whether it has come or is still to come, and once only", async () => {
  const files = createDeliveries();
  files.deliver("early", bytes(1));
  const late = files.take("late");
  files.deliver("late", bytes(2));
  assert.deepEqual(await late, bytes(2));
  assert.deepEqual(await files.take("early"), bytes(1));
  files.end();
  await assert.rejects(files.take("early"), /early did not arrive: expected it before the model is opened/);
});

test("what has come when no other file will is still there", async () => {
  const files = createDeliveries();
  const missing = files.take("missing");
  files.deliver("there", bytes(3));
  files.end();
  await assert.rejects(missing, /missing did not arrive/);
  assert.deepEqual(await files.take("there"), bytes(3));
});
