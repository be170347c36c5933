/** How a number in a cell is meant; less than a day is a time. */
export type NumberMeaning = { readonly kind: 'number' | 'date' } | { readonly kind: 'digits'; readonly count: number };

const number: NumberMeaning = { kind: 'number' };

/** Formats that every program has without the file saying what they are (ECMA-376, part 1, 18.8.30). */
const builtIn = (id: number): NumberMeaning => {
  const isDate = (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
  return isDate ? { kind: 'date' } : number;
};

/** What a format's code says: `TT.MM.JJJJ` a date, `hh:mm` a time of it, `00000` a postal code that begins with zeros. */
export function meaningOf(id: number, code: string | undefined): NumberMeaning {
  if (code === undefined) return builtIn(id);
  const [first = ''] = code.split(';');
  if (/^0{2,}$/.test(first)) return { kind: 'digits', count: first.length };
  const bare = first
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\\./g, '')
    .replaceAll(/\[[^\]]*\]/g, (part) => (/^\[(h+|m+|s+)\]$/i.test(part) ? part : ''))
    .replaceAll(/_.|\*./g, '');
  const isDate = /[ydjths]/i.test(bare.replaceAll(/general|standard/gi, '')) || /^m+$/i.test(bare);
  return isDate ? { kind: 'date' } : number;
}

const padded = (value: number, length = 2): string => `${value}`.padStart(length, '0');

/** A day number of the sheet as a date, or date and time, without a zone: the sheet has none. */
export function toDateText(serial: number, is1904: boolean): string {
  // Excel's 29 February 1900 never was: days before 1 March of that year are one off.
  const offset = is1904 ? 24_107 : serial < 60 ? 25_568 : 25_569;
  const rounded = new Date(Math.round((serial - offset) * 86_400) * 1_000);
  if (Number.isNaN(rounded.getTime())) return `${serial}`;
  const day = `${padded(rounded.getUTCFullYear(), 4)}-${padded(rounded.getUTCMonth() + 1)}-${padded(rounded.getUTCDate())}`;
  const time = `${padded(rounded.getUTCHours())}:${padded(rounded.getUTCMinutes())}:${padded(rounded.getUTCSeconds())}`;
  return time === '00:00:00' ? day : `${day}T${time}`;
}

const toTimeText = (serial: number): string => {
  const seconds = Math.round(serial * 86_400);
  return `${padded(Math.floor(seconds / 3_600))}:${padded(Math.floor(seconds / 60) % 60)}:${padded(seconds % 60)}`;
};

/** Spreadsheets keep 15 digits: what lies behind them is the machine's. */
const toNumberText = (value: number): string => {
  const text = `${Number(value.toPrecision(15))}`;
  return /e/i.test(text) ? BigInt(Math.trunc(value)).toString() : text;
};

/** The text of a number as the sheet shows what it is: an ISO date, a time, digits, or a number with a point. */
export function numberText(raw: string, meaning: NumberMeaning, is1904: boolean): string {
  const value = Number(raw);
  if (raw.trim() === '' || !Number.isFinite(value)) return raw;
  if (meaning.kind === 'digits')
    return Number.isInteger(value) ? `${value}`.padStart(meaning.count, '0') : toNumberText(value);
  if (meaning.kind !== 'number' && value >= 0) return value < 1 ? toTimeText(value) : toDateText(value, is1904);
  return Math.abs(value) < 1e-6 && value !== 0 ? raw : toNumberText(value);
}
