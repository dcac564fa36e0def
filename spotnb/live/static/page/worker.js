// The worker of the page: it holds the model, and makes sounds one at a time.

/** @import { Progress } from "../generate.js" */
/** @import { Description } from "../model.js" */
/** @import { Settings } from "../settings.js" */
/** @import { Loaded } from "./files.js" */
/** @import { Preview } from "./preview.js" */
/** @import { Way } from "./ways.js" */

import { LiveError, memoryWords } from "../errors.js";
import { generate } from "../generate.js";
import { Model } from "../model.js";
import { OnnxNetworks } from "../onnx_networks.js";
import { createDeliveries } from "./deliveries.js";
import { packSound } from "./pack.js";
import { previewOf } from "./preview.js";
import { RUNTIMES } from "./runtimes.js";
import { turn } from "./turn.js";

/**
 * @typedef {({ kind: "file" } & Loaded)
 *   | { kind: "complete" }
 *   | { kind: "open", description: Description, preview: Preview, way: Way }
 *   | { kind: "make", settings: Partial<Settings> }
 *   | { kind: "cancel" }} Order
 */

/**
 * The latent is `[channels, frames, bins]`, and the trace is a file, which the browser holds outside of its memory for
 * JavaScript.
 * @typedef {{ latent: Float32Array, mel: Float32Array, waveform: Float32Array, packed: PackedSound, trace: Blob | null }} Made
 */

/** @typedef {import("./pack.js").Packed} PackedSound */

/**
 * What the worker reports. `step` is the number of steps that were taken.
 * @typedef {{ kind: "opened" }
 *   | { kind: "progress", progress: Progress }
 *   | { kind: "step", step: number, picture: Uint8Array }
 *   | { kind: "made", made: Made }
 *   | { kind: "cancelled" }
 *   | { kind: "failed", message: string }} Report
 */

/** @typedef {{ postMessage: (report: Report, transfer?: Transferable[]) => void, onmessage: ((event: MessageEvent<Order>) => void) | null }} Scope */

/**
 * Serves the orders of a page.
 * @param {Scope} scope of the worker
 */
export function serve(scope) {
  const files = createDeliveries();
  /** @type {{ model: Model, preview: Preview } | null} */
  let opened = null;
  let abort = new AbortController();

  /** @param {Extract<Order, { kind: "open" }>} order */
  async function open({ description, preview, way }) {
    const { module, binary } = RUNTIMES[way.provider];
    const runtime = await openRuntime(await files.take(module), await files.take(binary), way.threads);
    const networks = await OnnxNetworks.load(runtime, description, files.take, way.provider);
    opened = { model: new Model(description, networks), preview };
    scope.postMessage({ kind: "opened" });
  }

  /** @param {Partial<Settings>} settings */
  async function make(settings) {
    if (!opened) throw new LiveError("the model is not open: expected it before the first sound; load the page again");
    const { model, preview } = opened;
    abort = new AbortController();
    const { signal } = abort;
    const generated = await generate(model, settings, {
      signal,
      record: "all",
      async onProgress(progress) {
        scope.postMessage({ kind: "progress", progress });
        await turn(); // hears of a cancel
        signal.throwIfAborted();
      },
      onStep({ step, x0 }) {
        if (x0) scope.postMessage({ kind: "step", step, picture: previewOf(x0, preview) });
      },
    });
    const { run, state, sound, trace } = generated;
    const file = trace && new Blob(trace.parts()); // before the latent, which it holds too, leaves the worker
    const made = { latent: state.x.data, ...sound, packed: packSound(sound, run, preview.range), trace: file };
    const { latent, mel, waveform, packed } = made;
    const arrays = [latent, mel, waveform, packed.envelope, packed.bands].map(({ buffer }) => buffer);
    scope.postMessage({ kind: "made", made }, [...arrays, packed.wave]);
  }

  scope.onmessage = async ({ data: order }) => {
    try {
      if (order.kind === "file") files.deliver(order.name, order.data);
      if (order.kind === "complete") files.end();
      if (order.kind === "open") await open(order);
      if (order.kind === "make") await make(order.settings);
      if (order.kind === "cancel") abort.abort();
    } catch (error) {
      scope.postMessage(abort.signal.aborted ? { kind: "cancelled" } : { kind: "failed", message: wordsOf(error) });
    }
  };
}

/**
 * onnxruntime-web, from its module and its WebAssembly. A blob is the only module that a page over file:// may import.
 * @param {Uint8Array<ArrayBuffer>} module
 * @param {Uint8Array<ArrayBuffer>} binary
 * @param {number} threads
 */
async function openRuntime(module, binary, threads) {
  const address = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  const runtime = await import(address);
  if (threads === 1) URL.revokeObjectURL(address); // each thread loads it again
  runtime.env.logLevel = "error";
  Object.assign(runtime.env.wasm, { numThreads: threads, wasmBinary: binary.buffer });
  return runtime;
}

/** @param {unknown} error */
function wordsOf(error) {
  const words = error instanceof Error ? error.message : String(error);
  if (error instanceof LiveError) return words;
  const failed = `The computation failed: ${words.slice(0, 120)}. Load the page again, or try another browser.`;
  return memoryWords(error) ?? failed;
}
