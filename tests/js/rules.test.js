// Rules of the house that no linter knows.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { policiesOf, STATIC } from "./fixtures.js";

const PURE =
  /(state|geometry|scale|signs|sentences|stages|session|statistics|mel_scale|envelope|rows|codes|store|quantities|layout|pieces|numbers|time)\.js$/;
const modules = readdirSync(fileURLToPath(STATIC), { recursive: true })
  .filter((name) => name.endsWith(".js"))
  .map((name) => ({ name, source: readFileSync(new URL(name, STATIC), "utf-8") }));

test("no file is longer than 300 lines", () => {
  const long = modules.filter(({ source }) => source.split("\n").length > 301).map(({ name }) => name);
  assert.deepEqual(long, []);
});

// Biome indents everything, so a function ends at the first line that closes at the depth of its first one. (Biome's
// own rule leaves out lines of comments.)
function lengths(source) {
  const lines = source.split("\n");
  const opens = /(\bfunction\b.*|=>|^\s*(async |get |set |static )*#?[\w$]+\(.*\)|^\s*\)) \{$/;
  const blocks = /^\s*(\} else )?(if|for|while|switch) \(/;
  return lines.flatMap((line, first) => {
    if (!opens.test(line) || blocks.test(line)) return [];
    const depth = line.search(/\S/);
    const stop = lines.findIndex((each, k) => k > first && each.search(/\S/) === depth && each.trim().startsWith("}"));
    return [stop - first + 1];
  });
}

test("no function is longer than 80 lines", () => {
  const longest = modules.map(({ name, source }) => ({ name, most: Math.max(0, ...lengths(source)) }));
  assert.deepEqual(
    longest.filter(({ most }) => most > 80),
    [],
  );
  assert.ok(longest.some(({ most }) => most > 60)); // they are found at all
});

test("methods and edge policies are named by Python alone", () => {
  const { methods, edges } = policiesOf();
  const names = [...Object.keys(methods), ...Object.keys(edges)];
  const quoted = new RegExp(`["'\`](${names.join("|")})["'\`]|\\b(${names.join("|")}): \\{`);
  // The kinds of windows have one named tiles, as has a trait.
  const allowed = (found) => /^.tiles.$/.test(found);
  const found = modules.flatMap(({ name, source }) => {
    const match = quoted.exec(source);
    return match && !allowed(match[0]) ? [`${name}: ${match[0]}`] : [];
  });
  assert.deepEqual(found, []);
});

test("modules that say what to show know nothing of the page", () => {
  const pure = modules.filter(({ name }) => PURE.test(name));
  const found = pure.filter(({ source }) => /\b(document|performance|HTMLElement)\b|\bwindow\./.test(source));
  assert.deepEqual(
    found.map(({ name }) => name),
    [],
  );
  assert.ok(pure.length > 20);
});
