import { charsetField } from '../../core/charset.ts';

/** The members of a message by name. */
type Members = Readonly<Record<string, unknown>>;

/** Field that people do not see and robots fill in. */
export const honeypot = '_website';
/** Field by which a page of someone else says that it shows the source's form, so that its required fields count. */
export const formMark = '_form';
/** One value for each time a form was opened: sending it twice makes one lead. */
export const formKey = '_key';

const marks = new Set([honeypot, formMark, formKey, charsetField]);

/** What the sender said, without what the form says about itself. */
export const withoutMarks = (fields: Members): Members =>
  Object.keys(fields).some((name) => marks.has(name))
    ? Object.fromEntries(Object.entries(fields).filter(([name]) => !marks.has(name)))
    : fields;

/** A form sends every input, also those that nobody filled in; these say nothing. */
export const withoutBlanks = (fields: Members): Members =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => !(typeof value === 'string' && value.trim() === '')));

export const isFilled = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
