/**
 * Gives the memory of bytes back at once: a collector that sees few objects comes late for tens of megabytes. Nobody may read them afterwards;
 * those that share their memory with others stay.
 */
export const freeMemory = (bytes: Uint8Array): void => {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength) buffer.transfer(0);
};
