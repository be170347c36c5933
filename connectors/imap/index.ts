export type { ImapMailbox, MailboxPosition, OversizedMail, ReceiveMail } from './mailbox.ts';
export { toMailbox } from './kind.ts';
export { watchMailbox, type MailboxWatch, type MailboxWatcher } from './watch.ts';
