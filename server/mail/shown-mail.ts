import { LeitwerkError } from '../../core/errors.ts';
import { isInlinePicture, pictureCounts, withPictures } from '../../core/mail/inline-pictures.ts';
import type { BlobStore } from '../../store/blobs.ts';
import type { RecordData } from '../../store/record-table.ts';

/** A stored file of a mail. */
interface MailFile {
  readonly name: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  readonly blob: string;
  /** Absent in files that are no mail's. */
  readonly isInline?: boolean;
  readonly contentId?: string | null;
}

type Blobs = Pick<BlobStore, 'get'>;

/** Bytes of all pictures in one answer, each as often as it is shown. */
const mostPictureBytes = 5_000_000;

/** The picture as a `data:` URL; undefined where its file is gone: the mail can be read without. */
const readPicture = async (blobs: Blobs, { contentType, blob }: MailFile): Promise<string | undefined> => {
  try {
    return `data:${contentType};base64,${Buffer.from(await blobs.get(blob)).toString('base64')}`;
  } catch (error) {
    if (error instanceof LeitwerkError && error.code === 'NotFound') return undefined;
    throw error;
  }
};

/** Pictures that sanitised HTML has places for, as `data:` URLs by content id, from the first on as far as there is room. */
const readPictures = async (
  blobs: Blobs,
  files: readonly MailFile[],
  counts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, string>> => {
  const pictures = new Map<string, string>();
  let left = mostPictureBytes;
  for (const [id, count] of counts) {
    const file = files.find(
      ({ contentId = null, ...rest }) => contentId === id && isInlinePicture({ ...rest, contentId }),
    );
    if (file === undefined || file.size * count > left) continue;
    const url = await readPicture(blobs, file);
    if (url === undefined) continue;
    left -= file.size * count;
    pictures.set(id, url);
  }
  return pictures;
};

/**
 * What a mail says, for people: text, sanitised HTML with the mail's own pictures in it (`data:`), and files; those that the HTML shows are
 * `isInline`. Remote pictures are not in it; whoever shows it does so in a sandbox.
 */
export async function shownMail(message: RecordData, blobs: Blobs): Promise<RecordData> {
  const { text = '', html = null } = (message['mailBody'] ?? {}) as { text?: string; html?: string | null };
  const { from, to, cc, date, kind, trust, doubts } = (message['mail'] ?? {}) as RecordData;
  const stored = (message['attachments'] ?? []) as readonly MailFile[];
  const counts = pictureCounts(html ?? '');
  const pictures = await readPictures(blobs, stored, counts);
  const files = stored.map(({ name, contentType, size, isInline, contentId }, index) => {
    const isLeftOut = counts.has(contentId ?? '') && !pictures.has(contentId ?? '');
    return { index, name, contentType, size, isInline: isInline === true && !isLeftOut };
  });
  const about = { from, to, cc, date, kind, trust, doubts };
  const shown = html === null ? null : withPictures(html, pictures);
  return { id: message['id'], subject: message['subject'], ...about, text, html: shown, files };
}
