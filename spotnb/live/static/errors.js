// A mistake of the caller, or a failed computation: what came, what was expected, and what to do, in one line.

export class LiveError extends Error {
  name = "LiveError";
}
