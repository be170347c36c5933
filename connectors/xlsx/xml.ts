import { setImmediate } from 'node:timers/promises';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { LeitwerkError } from '../../core/errors.ts';
import { noSpreadsheet } from './archive.ts';

/** An element as it opens: its name without prefix, its attributes by their local names. */
export interface Tag {
  readonly name: string;
  readonly attribute: (name: string) => string | undefined;
}

export interface Listener {
  opens?(tag: Tag): void;
  closes?(name: string): void;
  text?(text: string): void;
}

/** No element of a spreadsheet is that long; without this a part without a single tag would be kept whole. */
const mostBetweenTags = 4 * 1024 * 1024;

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

const toTag = ({ name, attributes }: SaxesTagPlain): Tag => ({
  name: local(name),
  attribute: (wanted) =>
    attributes[wanted] ?? Object.entries(attributes).find(([given]) => given.endsWith(`:${wanted}`))?.[1],
});

/**
 * Reads a part of a spreadsheet piece by piece; answers after each of them, so that whoever listens can hand on what has come.
 * Entities that a part declares itself are errors: nothing expands.
 * @throws LeitwerkError `Unreadable` for what is no well-formed XML.
 */
export async function* readXml(part: AsyncIterable<Uint8Array>, listener: Listener): AsyncGenerator<void> {
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  let since = 0;
  let failure: Error | undefined;
  const on =
    <T>(work: ((value: T) => void) | undefined) =>
    (value: T) => {
      since = 0;
      work?.(value);
    };
  parser.on(
    'opentag',
    on((tag: SaxesTagPlain) => listener.opens?.(toTag(tag))),
  );
  parser.on(
    'closetag',
    on((tag: SaxesTagPlain) => listener.closes?.(local(tag.name))),
  );
  parser.on(
    'text',
    on((text: string) => listener.text?.(text)),
  );
  parser.on('error', (error) => (failure ??= error));
  const decoder = new TextDecoder('utf-8');
  const feed = (text: string): void => {
    since += text.length;
    parser.write(text);
    if (failure !== undefined) throw noSpreadsheet(failure);
    if (since > mostBetweenTags) throw noSpreadsheet();
  };
  try {
    for await (const bytes of part) {
      feed(decoder.decode(bytes, { stream: true }));
      yield;
      // Whoever else waits for this process comes in between.
      await setImmediate();
    }
    feed(decoder.decode());
    parser.close();
  } catch (error) {
    throw error instanceof LeitwerkError ? error : noSpreadsheet(error);
  }
  if (failure !== undefined) throw noSpreadsheet(failure);
}

/** Reads a part to its end. */
export async function readWhole(part: AsyncIterable<Uint8Array>, listener: Listener): Promise<void> {
  for await (const _ of readXml(part, listener));
}
