// What tests/widgets/fixtures.py writes: cases that Python and JavaScript both work out.
import { readFileSync } from "node:fs";

export const STATIC = new URL("../../spotnb/widgets/static/", import.meta.url);

export function fixture(name) {
  return JSON.parse(readFileSync(new URL(`../widgets/${name}.json`, import.meta.url), "utf-8"));
}

const policies = fixture("policies");

// Methods and edge policies of a scene, for a model of that multiple in time.
export function policiesOf(multiple = 8) {
  const { methods, edges } = policies.find((each) => each.multiple === multiple);
  return { methods, edges };
}

// A value as JSON has it: 0 and -0 are one.
export function plain(value) {
  return JSON.parse(JSON.stringify(value));
}
