import { describe, expect, it } from 'vitest';
import { sanitizeMailHtml, textOfHtml } from '../../connectors/mail/html.ts';

const clean = (html: string, pictures: readonly string[] = []): string =>
  sanitizeMailHtml(html, new Set(pictures)) ?? 'unusable';

describe('HTML of a mail', () => {
  it.each([
    ['script', '<script>alert(1)</script><p>x</p>'],
    ['event handlers', '<p onclick="alert(1)">x</p>'],
    ['styles of the page', '<style>p{color:red}</style><p>x</p>'],
    ['links that run', '<p>x</p><a href="java\nscript:alert(1)"></a>'],
    ['frames', '<iframe src="https://example.com"></iframe><p>x</p>'],
    ['forms', '<form action="https://example.com"><input name="a"></form><p>x</p>'],
    [
      'what loads',
      '<link rel="stylesheet" href="https://example.com"><video poster="https://example.com"></video><p>x</p>',
    ],
    ['what it does not know', '<my-element src="https://example.com"></my-element><p class="a" id="b">x</p>'],
  ])('loses %s', (_, html) => {
    expect(clean(html).replace(/<a\b[^>]*><\/a>/, '')).toBe('<p>x</p>');
  });

  it.each([
    'background:url(https://example.com/a.png)',
    'position:fixed',
    'color:expression(alert(1))',
    'behavior:url(a)',
    'font-family:url(a)',
  ])('loses the style %s and keeps the others', (style) => {
    expect(clean(`<p style="${style};color:#ff0000">x</p>`)).toBe('<p style="color:#ff0000">x</p>');
  });

  it('keeps where a remote image was, without loading it', () => {
    expect(clean('<img src="https://example.com/a.png" alt="Bild" srcset="https://example.com/b.png 2x">')).toBe(
      '<img alt="Bild" data-blocked-src="https://example.com/a.png" />',
    );
  });

  it('keeps where a picture of the mail itself was, by its content id', () => {
    expect(clean('<img src="cid:a" alt="Plan" width="3"><img src=" CID:b%40x "><img src="cid:c">', ['a', 'b@x'])).toBe(
      '<img alt="Plan" width="3" data-attached="a" /><img alt="" data-attached="b@x" /><img alt="" />',
    );
  });

  it.each(['data:image/png;base64,AAAA', 'data:image/svg+xml,<svg/>', '/api/v1/me', 'blob:x', 'javascript:alert(1)'])(
    'has no source of an image, so not %s',
    (src) => {
      expect(clean(`<img src="${src}" data-attached="a">`, ['a'])).toBe('<img alt="" />');
    },
  );

  it('opens links elsewhere, without telling where they came from', () => {
    expect(clean('<a href="https://example.com" target="_self">x</a><a href="/api/v1/x">y</a>')).toBe(
      '<a href="https://example.com" target="_blank" rel="noopener noreferrer nofollow">x</a><a>y</a>',
    );
  });

  it('reads as text row by row', () => {
    expect(textOfHtml('<table><tr><th>Name</th><td>Erika</td></tr><tr><td>Ort</td><td>Köln</td></tr></table>')).toBe(
      'Name Erika\nOrt Köln',
    );
  });
});
