// Records as `spotnb/widgets/packing.py` sends them, their values, and pictures of them.
const LEVELS = 252;
const NAN = 253;
const MINUS = 254;
const PLUS = 255;
const ARRAYS = ["x", "x0", "noise"];
const QUANTITIES = ["x", "x0", "noise", "difference"];
const STATISTICS = ["mean", "std", "min", "max", "limit", "bad"];
const DETAILS = 12; // so many are kept
const [BAD_WORD, MINUS_WORD, PLUS_WORD] = [0xff3cb000, 0xffb4007a, 0xff00d5ff]; // green, violet, yellow: not in the map

export const BAD = { nan: "#00b03c", minus: "#7a00b4", plus: "#ffd500" };

export function createStore(scene, begun, bytes) {
  const { channels, bins } = scene;
  const count = 6 * channels + 4 * (channels + 1) * STATISTICS.length; // numbers of a record
  const store = { edition: -1, parts: [], details: new Map() };

  function parse(facts, data, columns, start, factor) {
    const numbers = new Float32Array(data.slice(0, 4 * count).buffer);
    const codes = {};
    const size = channels * columns * bins;
    facts.planes.forEach((name, k) => {
      codes[name] = data.subarray(4 * count + k * size, 4 * count + (k + 1) * size);
    });
    return { facts, numbers, codes, columns, start, factor, tables: new Map() };
  }

  // What a message, or the first state, says of the records from one on. False if some before it are missing.
  store.accept = (told, data) => {
    if (told.edition !== store.edition) {
      if (told.from > 0 && told.edition !== store.edition + 1) return false;
      store.edition = told.edition;
      store.details.clear();
    }
    if (told.from > store.parts.length) return false;
    let at = 0;
    const parts = told.records.map((facts) => {
      at += facts.bytes;
      return parse(facts, data.subarray(at - facts.bytes, at), scene.columns, 0, scene.factor);
    });
    store.parts = [...store.parts.slice(0, told.from), ...parts];
    return true;
  };

  store.acceptDetail = ({ edition, index, facts, start, stop, factor }, data) => {
    if (edition !== store.edition) return;
    const columns = Math.ceil((stop - start) / factor);
    store.details.set(index, parse(facts, data, columns, start, factor));
    if (store.details.size > DETAILS) store.details.delete(store.details.keys().next().value);
  };

  // The record whose planes stand in for those of record `index`, which may not have travelled.
  store.near = (index) => {
    let at = index;
    while (at > 0 && !store.parts[at].facts.planes.length) at -= 1;
    return at;
  };

  store.has = (index, quantity) => store.parts[index]?.facts.has.includes(quantity) ?? false;

  // mean, std, min, max, limit, bad of a channel, or of all where it is null.
  store.statistics = (index, quantity, channel) => {
    const row = QUANTITIES.indexOf(quantity) * (channels + 1) + (channel ?? channels);
    const from = 6 * channels + row * STATISTICS.length;
    const numbers = store.parts[index].numbers;
    return Object.fromEntries(STATISTICS.map((name, k) => [name, numbers[from + k]]));
  };

  store.limit = (index, quantity, channel, whole) => {
    const indices = whole ? store.parts.keys() : [index];
    let limit = 0;
    for (const at of indices) if (store.has(at, quantity)) limit = Math.max(limit, store.statistics(at, quantity, channel).limit);
    return limit || 1;
  };

  // Values of the 256 codes of one channel, times a factor.
  function values(part, name, channel, times = 1) {
    const key = `${name} ${channel} ${times}`;
    const known = part.tables.get(key);
    if (known) return known;
    const first = 2 * channels * ARRAYS.indexOf(name) + channel;
    const [low, scale] = [part.numbers[first], part.numbers[first + channels]];
    const table = new Float32Array(256);
    for (let code = 0; code <= LEVELS; code += 1) table[code] = (low + scale * code) * times;
    table[NAN] = NaN;
    table[MINUS] = -Infinity * times;
    table[PLUS] = Infinity * times;
    part.tables.set(key, table);
    return table;
  }

  const error = (part, name, channel) => part.numbers[2 * channels * ARRAYS.indexOf(name) + channels + channel] / 2;

  // What a quantity of a part is made of: one plane, or a sum of two; null where it is not known.
  function terms(part, quantity, before) {
    const { codes, facts } = part;
    if (codes[quantity]) return { planes: [[part, quantity, 1]], derived: false };
    if (quantity === "difference" && codes.x && codes.x0) return { planes: [[part, "x", 1], [part, "x0", -1]], derived: true };
    if (quantity !== "noise" || !facts.noise || !codes.x0) return null;
    const { base, signal, level } = facts.noise;
    const source = base === "before" ? before : part;
    if (!source?.codes.x) return null;
    return { planes: [[source, "x", 1 / level], [part, "x0", -signal / level]], derived: true };
  }

  function place(part, channel, frame, bin) {
    return (channel * part.columns + Math.floor((frame - part.start) / part.factor)) * bins + bin;
  }

  const covers = (part, frame) => frame >= part.start && frame < part.start + part.columns * part.factor;

  store.value = (index, quantity, channel, frame, bin) => {
    const detail = store.details.get(index);
    const fine = detail && covers(detail, frame) && terms(detail, quantity);
    const near = store.near(index);
    const part = fine ? detail : store.parts[near];
    const found = fine || terms(part, quantity, store.parts[near - 1]);
    if (!found) return null;
    const value = found.planes.reduce((sum, [from, name, times]) => sum + values(from, name, channel, times)[from.codes[name][place(from, channel, frame, bin)]], 0);
    const bound = found.planes.reduce((sum, [from, name, times]) => sum + Math.abs(times) * error(from, name, channel), 0);
    return { value, error: bound, derived: found.derived, factor: part.factor, step: part.facts.step };
  };

  // A picture of some channels, one below the other: { canvas, marks, start, stop, derived }, or null. `marks` tells
  // where values are not finite, as [channel, frame, kind]. Pictures are painted into `into`, which is one's own.
  store.picture = (part, before, quantity, shown, limit, colours, into) => {
    const found = part && terms(part, quantity, before);
    if (!found) return null;
    const { columns } = part;
    const height = bins * shown.length;
    if (into.canvas.width !== columns || into.canvas.height !== height || !into.image) {
      into.canvas.width = columns;
      into.canvas.height = height;
      into.ctx = into.canvas.getContext("2d");
      into.image = into.ctx.createImageData(columns, height);
      into.words = new Uint32Array(into.image.data.buffer);
    }
    const { words } = into;
    const marks = [];
    const [[one, name, times], other] = found.planes;
    shown.forEach((channel, row) => {
      const first = one.codes[name];
      const a = values(one, name, channel, times);
      const second = other?.[0].codes[other[1]];
      const b = other && values(other[0], other[1], channel, other[2]);
      let at = channel * columns * bins;
      const bottom = ((row + 1) * bins - 1) * columns;
      const gain = 127 / limit;
      if (!other) {
        const table = wordsOf(a, gain, colours);
        for (let column = 0; column < columns; column += 1) {
          for (let bin = 0, to = bottom + column; bin < bins; bin += 1, at += 1, to -= columns) {
            const code = first[at];
            words[to] = table[code];
            if (code > LEVELS) marks.push([row, column, code === NAN ? "nan" : code === PLUS ? "plus" : "minus", bin]);
          }
        }
        return;
      }
      for (let column = 0; column < columns; column += 1) {
        for (let bin = 0, to = bottom + column; bin < bins; bin += 1, at += 1, to -= columns) {
          const value = a[first[at]] + b[second[at]];
          const shade = 128 + value * gain;
          if (shade >= 1 && shade < 255) {
            words[to] = colours[shade | 0];
          } else {
            words[to] = wordOf(value, gain, colours);
            if (!Number.isFinite(value)) marks.push([row, column, value > 0 ? "plus" : value < 0 ? "minus" : "nan", bin]);
          }
        }
      }
    });
    into.ctx.putImageData(into.image, 0, 0);
    return { canvas: into.canvas, marks, start: part.start, stop: Math.min(scene.frames, part.start + columns * part.factor), factor: part.factor, derived: found.derived };
  };

  store.accept({ ...begun, edition: begun.edition ?? 0, from: 0, records: begun.records ?? [] }, bytes);
  return store;
}

function wordsOf(values, gain, colours) {
  const words = new Uint32Array(256);
  for (let code = 0; code < 256; code += 1) words[code] = wordOf(values[code], gain, colours);
  return words;
}

function wordOf(value, gain, colours) {
  if (Number.isNaN(value)) return BAD_WORD;
  if (value === Infinity) return PLUS_WORD;
  if (value === -Infinity) return MINUS_WORD;
  return colours[Math.min(255, Math.max(1, Math.floor(128 + value * gain)))];
}
