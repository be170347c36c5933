import { Readable } from 'node:stream';
import type { AttachmentStream, MessageText } from 'mailparser';
import { freeMemory } from './memory.ts';
import { doubt, type Doubts } from './doubts.ts';
import type { MailBytes } from './headers.ts';
import { createWatchedParser } from './structure.ts';

export interface ReadFile {
  readonly fileName: string | null;
  readonly contentType: string;
  readonly contentId: string | null;
  readonly content: Uint8Array;
}

export interface ReadParts {
  /** Undefined where no part was meant to be plain text. */
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly files: readonly ReadFile[];
}

const isText = (data: AttachmentStream | MessageText): data is MessageText => data.type === 'text';

const largestBlock = 1_048_576;

/** What comes piece by piece, in memory of its own that can be handed over; of a large file no two copies are there at a time. */
const gather = async (pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let left = 0;
  for await (let piece of pieces) {
    while (piece.byteLength > 0) {
      if (left === 0) blocks.push(new Uint8Array((left = Math.max(piece.byteLength, Math.min(size, largestBlock)))));
      const block = blocks.at(-1) ?? new Uint8Array();
      const taken = piece.subarray(0, left);
      block.set(taken, block.byteLength - left);
      left -= taken.byteLength;
      size += taken.byteLength;
      piece = piece.subarray(taken.byteLength);
    }
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const block of blocks) {
    whole.set(block.subarray(0, size - at), at);
    at += block.byteLength;
    freeMemory(block);
  }
  return whole;
};

/** Reads one file to its end and lets the parser go on. */
const readFile = async (stream: AttachmentStream): Promise<ReadFile> => {
  const content = await gather(stream.content as AsyncIterable<Buffer>);
  stream.release?.();
  return {
    fileName: stream.filename ?? null,
    contentType: stream.contentType,
    contentId: stream.cid ?? null,
    content,
  };
};

const sliceSize = 65_536;

/** A mail in slices, so that the parser never holds more than a few of them decoded. */
function* slicesOf({ head, body }: Pick<MailBytes, 'head' | 'body'>): Generator<Buffer> {
  yield head;
  for (let at = 0; at < body.length; at += sliceSize) yield body.subarray(at, at + sliceSize);
}

/** Texts and files of a mail. What cannot be read to its end answers with what was read until then and a doubt. */
export async function readParts(bytes: Pick<MailBytes, 'head' | 'body'>, doubts: Doubts): Promise<ReadParts> {
  const { parser, hasPlainText, textSoFar } = createWatchedParser(doubts);
  const files: Promise<ReadFile>[] = [];
  let text: MessageText | undefined;
  const isWhole = await new Promise<boolean>((resolve) => {
    parser.on('data', (data) => {
      if (isText(data)) text = data;
      else files.push(readFile(data));
    });
    parser.on('end', () => resolve(true));
    parser.on('error', () => resolve(false));
    Readable.from(slicesOf(bytes)).pipe(parser);
  });
  if (!isWhole) doubts.add(doubt.incomplete);
  const settled = isWhole ? await Promise.all(files) : await finished(files);
  const { text: plain, html } = text ?? textSoFar() ?? { text: undefined, html: undefined };
  return { text: hasPlainText() ? (plain ?? '') : undefined, html, files: settled };
}

/** The files that are already complete: after a failure the last one may never be. */
const finished = async (files: readonly Promise<ReadFile>[]): Promise<ReadFile[]> => {
  const none = Symbol('not yet');
  const now = await Promise.all(files.map(async (file) => await Promise.race([file, Promise.resolve(none)])));
  return now.filter((file): file is ReadFile => typeof file !== 'symbol');
};
