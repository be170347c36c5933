import { describe, expect, it } from 'vitest';
import { sanitizeMailHtml } from '../../connectors/mail/html.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { isInlinePicture } from '../../core/mail/inline-pictures.ts';
import { shownMail } from '../../server/mail/shown-mail.ts';

const file = (contentId: string, { contentType = 'image/png', size = 3 } = {}) => ({
  name: contentId,
  contentType,
  size,
  isInline: true,
  contentId,
  blob: `blob of ${contentId}`,
});
type File = ReturnType<typeof file>;

const blobs = {
  get: async (name: string): Promise<Uint8Array> => {
    if (name === 'blob of gone') throw new LeitwerkError('NotFound');
    return await Promise.resolve(Buffer.from('abc'));
  },
};
const shown = async (html: string | null, ...attachments: readonly File[]) =>
  (await shownMail({ mailBody: { text: 'x', html }, attachments }, blobs)) as {
    readonly html: string | null;
    readonly files: readonly { readonly name: string; readonly isInline: boolean }[];
  };
const inlineOf = ({ files }: Awaited<ReturnType<typeof shown>>): boolean[] => files.map(({ isInline }) => isInline);

const picture = 'src="data:image/png;base64,YWJj"';

describe('a mail as people see it', () => {
  it('has its pictures in their places', async () => {
    const mail = await shown('<p>x</p><img alt="" data-attached="a" /><img data-attached="a" />', file('a'));
    expect(mail.html).toBe(`<p>x</p><img alt="" ${picture} /><img ${picture} />`);
    expect(inlineOf(mail)).toEqual([true]);
  });

  it('shows mails from before, whose small pictures are in their HTML', async () => {
    const before = '<img alt="" src="data:image/png;base64,AA==" /><img alt="b" data-attached="b" />';
    const mail = await shown(before, file('a'), file('b'));
    expect(mail.html).toBe(`<img alt="" src="data:image/png;base64,AA==" /><img alt="b" ${picture} />`);
    expect(inlineOf(mail)).toEqual([true, true]);
    expect(await shown(null)).toMatchObject({ html: null, files: [] });
  });

  it('leaves what cannot be shown a file in the list', async () => {
    const html = '<img data-attached="svg" /><img data-attached="gone" /><img data-attached="big" />';
    const files = [file('svg', { contentType: 'image/svg+xml' }), file('gone'), file('big', { size: 1_000_001 })];
    const mail = await shown(html, ...files);
    expect(mail.html).toBe(html);
    expect(inlineOf(mail)).toEqual([false, false, false]);
  });

  it('has room for five megabytes, each picture counted as often as it is shown', async () => {
    const html = `${'<img data-attached="a" />'.repeat(4)}${'<img data-attached="b" />'.repeat(2)}<img data-attached="c" />`;
    const files = [file('a', { size: 1_000_000 }), file('b', { size: 600_000 }), file('c', { size: 900_000 })];
    const mail = await shown(html, ...files);
    expect(mail.html?.match(/src=/g)).toHaveLength(5);
    expect(inlineOf(mail)).toEqual([true, false, true]);
  });

  it('takes no text and no value of an attribute for a place', async () => {
    const said = '<p>&lt;img data-attached="a"&gt;</p><img alt=" data-attached=" src="cid:a">';
    const mail = await shown(sanitizeMailHtml(said, new Set(['a'])) ?? '', file('a'), file(' data-attached='));
    expect(mail.html).toBe(`<p>&lt;img data-attached="a"&gt;</p><img alt=" data-attached=" ${picture} />`);
  });
});

it.each([
  ['a', 'image/svg+xml', 1, false],
  ['a', 'text/html', 1, false],
  ['a', 'image/png', 1_000_001, false],
  ['a"b', 'image/png', 1, false],
  ['a', 'image/png', 0, false],
  [null, 'image/png', 1, false],
  ['a', 'image/webp', 1_000_000, true],
])('the file %j of type %s and %i bytes is a picture to show: %s', (contentId, contentType, size, isShown) => {
  expect(isInlinePicture({ contentId, contentType, size })).toBe(isShown);
});
