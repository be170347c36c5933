import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { open as openZip, type Entry, type ZipFile } from 'yauzl';
import { LeitwerkError } from '../../core/errors.ts';

const unreadable = (de: string, en: string, cause?: unknown): LeitwerkError =>
  new LeitwerkError('Unreadable', { text: { de, en }, cause });

export const noSpreadsheet = (cause?: unknown): LeitwerkError =>
  unreadable(
    'Das ist keine lesbare Excel-Tabelle (.xlsx). Bitte als .xlsx oder CSV (UTF-8) speichern.',
    'This is no readable Excel spreadsheet (.xlsx). Please save it as .xlsx or CSV (UTF-8).',
    cause,
  );

/** What an archive may become when it is unpacked: beyond that it is no table but an attack. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Bytes of one part. */
  readonly part: number;
  /** How many times its packed size a part may have, once it is larger than `ratioFrom` bytes. */
  readonly ratio: number;
  readonly ratioFrom: number;
}

export const usualLimits: ArchiveLimits = {
  entries: 2_000,
  part: 2 * 1024 ** 3,
  ratio: 250,
  ratioFrom: 32 * 1024 ** 2,
};

const bomb = (name: string): LeitwerkError =>
  new LeitwerkError('TooLarge', {
    text: {
      de: `Die Excel-Datei wird entpackt zu groß (${name}). Bitte als CSV speichern.`,
      en: `The Excel file becomes too large when unpacked (${name}). Please save it as CSV.`,
    },
  });

/** The parts of a ZIP file by name, each unpacked as a stream and never larger than it says it is. */
export interface Archive {
  has(name: string): boolean;
  /** @throws LeitwerkError `Unreadable` without such a part, `TooLarge`. */
  part(name: string): Promise<AsyncIterable<Uint8Array>>;
  close(): void;
}

const openFile = promisify((path: string, done: (error: Error | null, zip?: ZipFile) => void): void =>
  // `validateEntrySizes`: what a part unpacks to is what its directory says, or its stream fails.
  openZip(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, done),
);

const assertBounded = (entry: Entry, limits: ArchiveLimits): void => {
  const { uncompressedSize: size, compressedSize: packed, fileName } = entry;
  const isBomb = size > limits.part || (size > limits.ratioFrom && size > packed * limits.ratio);
  if (isBomb) throw bomb(fileName);
};

/** The directory, without anything being unpacked. */
const readEntries = async (zip: ZipFile, limits: ArchiveLimits): Promise<ReadonlyMap<string, Entry>> => {
  if (zip.entryCount > limits.entries) throw bomb(`${zip.entryCount}`);
  const entries = new Map<string, Entry>();
  await new Promise<void>((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.on('end', resolve);
    zip.on('error', reject);
    zip.readEntry();
  });
  return entries;
};

/** @throws LeitwerkError `Unreadable` for what is no ZIP file, `TooLarge` for one that has too many parts. */
export async function openArchive(path: string, limits: ArchiveLimits = usualLimits): Promise<Archive> {
  const zip = await openFile(path).catch((error: unknown) => {
    throw noSpreadsheet(error);
  });
  if (zip === undefined) throw noSpreadsheet();
  try {
    const entries = await readEntries(zip, limits);
    return {
      has: (name) => entries.has(name),
      part: async (name) => {
        const entry = entries.get(name);
        if (entry === undefined || entry.isEncrypted()) throw noSpreadsheet();
        assertBounded(entry, limits);
        return await new Promise<Readable>((resolve, reject) => {
          zip.openReadStream(entry, (error, stream) =>
            error === null ? resolve(stream) : reject(noSpreadsheet(error)),
          );
        });
      },
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error instanceof LeitwerkError ? error : noSpreadsheet(error);
  }
}
