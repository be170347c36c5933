/** Tells whether a mail has a CR or LF that stands alone, which servers disagree about and smugglers live on (R21). */
export interface LineEndings {
  /** Looks at the next bytes of the mail. */
  read(bytes: Buffer): void;
  /** After the last bytes: whether every line ended with CR LF. */
  areStrict(): boolean;
}

const alone = /\r(?!\n)|(?<!\r)\n/;

export function createLineEndings(): LineEndings {
  let isStrict = true;
  /** A CR at the end of what was read: what follows decides. */
  let held = '';
  const read = (bytes: Buffer): void => {
    if (!isStrict) return;
    const text = held + bytes.toString('latin1');
    held = text.endsWith('\r') ? '\r' : '';
    isStrict = !alone.test(held === '' ? text : text.slice(0, -1));
  };
  return { read, areStrict: () => isStrict && held === '' };
}
