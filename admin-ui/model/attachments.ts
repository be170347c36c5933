/** A file that came with a message; `index` is its place among them, by which it is fetched. */
export interface AttachedFile {
  readonly index: number;
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
}

const isFile = (value: unknown): value is Omit<AttachedFile, 'index'> =>
  typeof value === 'object' && value !== null && 'name' in value && 'contentType' in value && 'size' in value;

/** The files of a received message, as its record lists them. */
export const toFiles = (attachments: unknown): readonly AttachedFile[] =>
  Array.isArray(attachments)
    ? attachments.flatMap((file: unknown, index) => (isFile(file) ? [{ ...file, index }] : []))
    : [];
