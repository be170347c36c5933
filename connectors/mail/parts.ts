import type { AttachmentStream, MessageText } from 'mailparser';
import { doubt, type Doubts } from './doubts.ts';
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

/** Reads one file to its end and lets the parser go on. A copy of its own, because small buffers share their memory. */
const readFile = async (stream: AttachmentStream): Promise<ReadFile> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream.content as AsyncIterable<Buffer>) chunks.push(chunk);
  stream.release?.();
  return {
    fileName: stream.filename ?? null,
    contentType: stream.contentType,
    contentId: stream.cid ?? null,
    content: Uint8Array.from(Buffer.concat(chunks)),
  };
};

/** Texts and files of a mail. What cannot be read to its end answers with what was read until then and a doubt. */
export async function readParts(bytes: Buffer, doubts: Doubts): Promise<ReadParts> {
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
    parser.end(bytes);
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
