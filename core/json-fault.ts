/** Where JSON stops being JSON. */
export interface JsonFault {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters as JavaScript counts them. */
  readonly column: number;
  /** The character that does not belong there; empty at the end of the text. */
  readonly found: string;
}

const space = /[ \t\n\r]*/y;
const word = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** A text as far as it is one: without its closing quote when something in it is wrong. */
const text = /"(?:[^"\\\0-\x1F]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;

/** End of what the pattern finds at the position; undefined when it is not there. */
const endOf = (pattern: RegExp, json: string, at: number): number | undefined => {
  pattern.lastIndex = at;
  return pattern.test(json) ? pattern.lastIndex : undefined;
};

/** What may come next: `next` is a comma or the end of what is open. */
type Wanted = 'value' | 'valueOrEnd' | 'nameOrEnd' | 'name' | 'colon' | 'next';

interface Place {
  readonly wanted: Wanted;
  readonly at: number;
}

/** After the sign at the place; undefined when none belongs there. */
const afterSign = (sign: string, { wanted, at }: Place, open: string[]): Place | undefined => {
  const next = (then: Wanted): Place => ({ wanted: then, at: at + 1 });
  if (sign === open.at(-1) && ['next', 'valueOrEnd', 'nameOrEnd'].includes(wanted)) {
    open.pop();
    return next('next');
  }
  if (wanted === 'colon') return sign === ':' ? next('value') : undefined;
  if (wanted === 'next')
    return sign === ',' && open.length > 0 ? next(open.at(-1) === '}' ? 'name' : 'value') : undefined;
  if (!wanted.startsWith('value') || (sign !== '{' && sign !== '[')) return undefined;
  open.push(sign === '{' ? '}' : ']');
  return next(sign === '{' ? 'nameOrEnd' : 'valueOrEnd');
};

/** After the text, number or word at the place; the position of its fault when it is none. */
const afterWord = (json: string, { wanted, at }: Place): Place | number => {
  const isName = wanted.startsWith('name');
  if (!isName && !wanted.startsWith('value')) return at;
  const inside = endOf(text, json, at);
  if (inside !== undefined)
    return json[inside] === '"' ? { wanted: isName ? 'colon' : 'next', at: inside + 1 } : inside;
  const end = isName ? undefined : endOf(word, json, at);
  return end === undefined ? at : { wanted: 'next', at: end };
};

/** Position of the first character that no JSON can go on with. */
const faultAt = (json: string): number => {
  /** Signs that close what is open. */
  const open: string[] = [];
  let place: Place = { wanted: 'value', at: endOf(space, json, 0) ?? 0 };
  while (place.at < json.length) {
    const after = afterSign(json.charAt(place.at), place, open) ?? afterWord(json, place);
    if (typeof after === 'number') return after;
    place = { ...after, at: endOf(space, json, after.at) ?? after.at };
  }
  return place.at;
};

/** Finds where a text that `JSON.parse` refuses is broken: V8 says so for some faults only. */
export function findJsonFault(json: string): JsonFault {
  const at = faultAt(json);
  const lines = json.slice(0, at).split('\n');
  return {
    line: lines.length,
    column: (lines.at(-1)?.length ?? 0) + 1,
    found: String.fromCodePoint(...(at < json.length ? [json.codePointAt(at) ?? 0] : [])),
  };
}
