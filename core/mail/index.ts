export { classifyMail, type MailClass } from './classify.ts';
export { contactOf, type MailContact } from './contact.ts';
export { formFieldsOf } from './form-fields.ts';
export { unwrapForwarded, type ForwardedMail } from './forwarded.ts';
export type { MailAddress, MailAttachment, ParsedMail } from './parsed-mail.ts';
export { ownText } from './quotes.ts';
export { recordNumbersIn, threadIdsOf } from './references.ts';
