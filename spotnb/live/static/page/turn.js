// A turn for whatever else waits: messages, clicks, frames.

/** Lets what waits be done. setTimeout would wait for at least 4 ms. @returns {Promise<void>} */
export function turn() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
