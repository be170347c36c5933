import { LeitwerkError } from '../core/errors.ts';
import type { RecordData } from '../store/record-table.ts';
import type { Answer, Call } from './route.ts';

/** Header that names a downloaded file. Names come from strangers: line breaks, folders and halves of characters are taken out. */
export const namedFile = (name: string): string =>
  `attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed().replaceAll(/[\r\n/\\]/g, '_'))}`;

/** Always a download: what strangers send never becomes a page of ours. */
export const download = (bytes: Uint8Array, name: string): Answer => ({
  bytes,
  headers: {
    'content-type': 'application/octet-stream',
    'content-disposition': namedFile(name),
    'content-security-policy': "default-src 'none'; sandbox",
  },
});

/** The file at the position that the address names. @throws LeitwerkError `NotFound`. */
export const attachmentOf = async (call: Call, message: RecordData): Promise<Answer> => {
  const list = (message['attachments'] ?? []) as readonly RecordData[];
  const file = list[Number(call.params['index'] ?? -1)];
  if (file === undefined) throw new LeitwerkError('NotFound');
  return download(
    await call.services.blobs.get(String(file['blob'])),
    String(file['name'] === '' ? 'datei' : file['name']),
  );
};
