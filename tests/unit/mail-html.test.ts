import { describe, expect, it } from 'vitest';
import { sanitizeMailHtml, textOfHtml } from '../../connectors/mail/html.ts';

const clean = (html: string): string => sanitizeMailHtml(html, []) ?? 'unusable';
const image = (size: number, contentId = 'a', contentType = 'image/png') => ({
  contentId,
  contentType,
  content: new Uint8Array(size),
});

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

  it('shows small images of the mail itself, and says of others that they are attached', () => {
    const images = [image(10), image(300_000, 'b'), image(10, 'c', 'image/svg+xml')];
    const html = sanitizeMailHtml('<img src="cid:a"><img src="cid:b"><img src="cid:c"><img src="cid:d">', images);
    expect(html).toBe(
      '<img alt="" src="data:image/png;base64,AAAAAAAAAAAAAA==" /><img alt="" data-attached="b" /><img alt="" /><img alt="" />',
    );
  });

  it('does not grow with the same image again and again', () => {
    const html = sanitizeMailHtml('<img src="cid:a">'.repeat(100), [image(150_000)]);
    expect(html?.length).toBeLessThan(3_000_000);
  });

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
