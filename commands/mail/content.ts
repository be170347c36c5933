import { isRowSized, rowLimit, type BlobStore } from '../../store/blobs.ts';
import { sha256 } from '../../store/secrets.ts';

/** A mail's raw bytes, stored or small enough to go into their row. */
export interface StoredContent {
  readonly raw: string | undefined;
  readonly rawBlob: string | undefined;
  readonly size: number;
  readonly rawHash: string;
  readonly messageId: string | undefined;
  /** As it came, a character for each byte; of a very long one its start. */
  readonly header: string;
}

const readStart = (start: Buffer): Pick<StoredContent, 'header' | 'messageId'> => {
  const end = start.indexOf('\r\n\r\n');
  const header = start.toString('latin1', 0, end === -1 ? start.length : end);
  return { header, messageId: /^message-id:\s*<([^<>\s]+)>/im.exec(header)?.[1] };
};

async function* joined(start: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/**
 * Reads a mail as it comes and stores what is too large for a row as a file; of a large one only the start is ever in memory.
 * Resolves when the file, if any, is durable. What the content throws leaves nothing behind.
 */
export async function storeContent(blobs: BlobStore, content: AsyncIterable<Uint8Array>): Promise<StoredContent> {
  const rest = content[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= rowLimit) {
    const next = await rest.next();
    if (next.done === true) {
      const whole = Buffer.concat(chunks);
      const rawHash = sha256(whole);
      const read = { size, rawHash, ...readStart(whole) };
      if (isRowSized(whole)) return { ...read, raw: whole.toString('utf8'), rawBlob: undefined };
      return { ...read, raw: undefined, rawBlob: await blobs.put(whole) };
    }
    chunks.push(next.value);
    size += next.value.byteLength;
  }
  const read = readStart(Buffer.concat(chunks));
  const blob = await blobs.putStream(joined(chunks, rest));
  return { raw: undefined, rawBlob: blob.name, size: blob.size, rawHash: blob.name, ...read };
}
