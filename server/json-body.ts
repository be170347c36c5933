import type { IncomingMessage } from 'node:http';
import { LeitwerkError } from '../core/errors.ts';

/** Reads a body whole. @throws LeitwerkError `TooLarge` beyond `limit` bytes, whatever the request declared. */
export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  return await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > limit) reject(tooLarge(limit));
      else chunks.push(chunk);
    });
    request.on('end', () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    );
    request.on('error', reject);
    request.on('aborted', () => reject(new LeitwerkError('Unreadable')));
  });
}

const tooLarge = (limit: number): LeitwerkError => {
  const kilobytes = Math.floor(limit / 1024);
  return new LeitwerkError('TooLarge', {
    text: { de: `Höchstens ${kilobytes} KB sind erlaubt.`, en: `At most ${kilobytes} KB are allowed.` },
    facts: { limit },
  });
};
