/** A stored file, from byte `start` on. */
export type OpenFile = (start: number) => Promise<AsyncIterable<Uint8Array>>;
