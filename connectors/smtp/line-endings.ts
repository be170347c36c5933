const lf = 0x0a;
const cr = 0x0d;

/** Tells whether a mail has a CR or LF that stands alone, which servers disagree about and smugglers live on (R21). */
export interface LineEndings {
  /** Looks at the next bytes of the mail. */
  read(bytes: Uint8Array): void;
  /** After the last bytes: whether every line ended with CR LF. */
  areStrict(): boolean;
}

export function createLineEndings(): LineEndings {
  let isStrict = true;
  let endsWithCr = false;
  const read = (bytes: Uint8Array): void => {
    if (!isStrict || bytes.length === 0) return;
    if (endsWithCr && bytes[0] !== lf) isStrict = false;
    let feed = bytes.indexOf(lf);
    let from = 0;
    if (feed === 0 && endsWithCr) {
      from = 1;
      feed = bytes.indexOf(lf, 1);
    }
    while (isStrict) {
      const turn = bytes.indexOf(cr, from);
      // Each CR must come right before the next LF, and each LF right after a CR.
      if (feed === -1) {
        endsWithCr = turn === bytes.length - 1 && turn !== -1;
        isStrict = turn === -1 || endsWithCr;
        return;
      }
      isStrict = turn === feed - 1 && turn !== -1;
      from = feed + 1;
      feed = bytes.indexOf(lf, from);
    }
  };
  return { read, areStrict: () => isStrict && !endsWithCr };
}
