/** Mails that are too large to be kept as files: each says what is extreme in it. */
const head = (subject: string, type: string): string =>
  `From: Anna Muster <anna@example.com>\r\nTo: leads@firma.example\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\n${type}`;

const bytes = (text: string): Buffer => Buffer.from(text);

export function mailWithParts(count: number): Buffer {
  const part = (index: number): string =>
    `--b\r\nContent-Type: application/octet-stream; name="${index}.bin"\r\n\r\nTeil ${index}\r\n`;
  const parts = Array.from({ length: count - 2 }, (_, index) => part(index)).join('');
  const text = '--b\r\nContent-Type: text/plain\r\n\r\nerster Teil\r\n';
  return bytes(`${head('Teile', 'Content-Type: multipart/mixed; boundary=b\r\n')}\r\n${text}${parts}--b--\r\n`);
}

/** The sender stands below all the others. */
export function mailWithHeaders(count: number): Buffer {
  const flood = Array.from({ length: count }, (_, index) => `X-Flood-${index}: ${'x'.repeat(40)}\r\n`).join('');
  return bytes(
    `${flood}${head('Kopfzeilen', 'Content-Type: text/plain; charset=utf-8\r\n')}\r\nText nach den Kopfzeilen\r\n`,
  );
}

/** One header line of that many characters. */
export function mailWithHeaderOf(length: number): Buffer {
  return bytes(`${head('Zeile', `X-Long: ${'y'.repeat(length)}\r\n`)}\r\nText\r\n`);
}

export function mailWithNestedMultiparts(depth: number): Buffer {
  const open = Array.from(
    { length: depth },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
  ).join('');
  return bytes(`${head('tief', '')}${open}Content-Type: text/plain\r\n\r\nganz unten\r\n`);
}

export function mailWithHtml(html: string): Buffer {
  return bytes(`${head('HTML', 'Content-Type: text/html; charset=utf-8\r\n')}\r\n${html}\r\n`);
}

export function mailWithText(text: string): Buffer {
  return bytes(`${head('Text', 'Content-Type: text/plain; charset=utf-8\r\n')}\r\n${text}\r\n`);
}

/** A file of zeros, in base64. */
export function mailWithFile(size: number): Buffer {
  const file = Buffer.alloc(size).toString('base64').replace(/.{76}/g, '$&\r\n');
  const type = 'Content-Type: application/octet-stream; name=gross.bin\r\nContent-Transfer-Encoding: base64\r\n';
  return bytes(`${head('Datei', type)}\r\n${file}\r\n`);
}

/** Plain text with an attached mail, which has one attached, and so on. */
export function mailWithMails(depth: number): Buffer {
  let mail = `${head('innen', 'Content-Type: text/plain\r\n')}\r\nganz innen\r\n`;
  for (let level = 0; level < depth; level += 1) {
    const boundary = `m${level}`;
    mail = `${head(`Ebene ${level}`, `Content-Type: multipart/mixed; boundary=${boundary}\r\n`)}\r\n--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n${mail}\r\n--${boundary}--\r\n`;
  }
  return bytes(mail);
}
