export { classifyMail, type MailClass } from './classify.ts';
export { contactOf, type MailContact } from './contact.ts';
export { formFieldsOf, jsonFormOf } from './form-fields.ts';
export { unwrapForwarded } from './forwarded.ts';
export type { MailAddress, ParsedMail } from './parsed-mail.ts';
export { ownText } from './quotes.ts';
export { recordNumbersIn, threadIdsOf } from './references.ts';
