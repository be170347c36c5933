import type { SMTPServerDataStream } from 'smtp-server';
import { LeitwerkError } from '../../core/errors.ts';
import { createLineEndings } from './line-endings.ts';

export interface Content extends AsyncIterable<Uint8Array> {
  /** What is left of a refused mail is read away by the library, so that its sender hears why. */
  readonly release: () => void;
}

const tooLarge = (): LeitwerkError => new LeitwerkError('TooLarge');

const smuggled = (): LeitwerkError =>
  new LeitwerkError('Unreadable', {
    text: { de: 'Zeilen müssen mit CR LF enden.', en: 'Lines must end with CR LF (RFC 5321, 2.3.8)' },
  });

/**
 * The content of a mail while it comes. Throws `TooLarge`, `Unreadable` for line endings that smugglers use, and what
 * breaks the connection. Reads by hand: with the stream's own iterator and a generator around it, a small mail costs
 * a tenth more.
 */
export function readContent(stream: SMTPServerDataStream): Content {
  const endings = createLineEndings();
  let arrival = Promise.withResolvers<void>();
  const wake = (): void => arrival.resolve();
  for (const event of ['readable', 'end', 'error', 'close']) stream.on(event, wake);
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    for (;;) {
      const bytes = stream.read() as Buffer | null;
      if (stream.sizeExceeded) throw tooLarge();
      if (bytes !== null) {
        endings.read(bytes);
        return { value: bytes, done: false };
      }
      if (stream.readableEnded) {
        if (!endings.areStrict()) throw smuggled();
        return { value: undefined, done: true };
      }
      if (stream.destroyed) throw stream.errored ?? new Error('the connection broke in the middle of a mail');
      await arrival.promise;
      arrival = Promise.withResolvers<void>();
    }
  };
  return {
    [Symbol.asyncIterator]: () => ({ next }),
    release: () => {
      stream.off('readable', wake);
      stream.resume();
    },
  };
}
