export type { ImapMailbox, MailboxPosition } from './mailbox.ts';
export { watchMailbox, type MailboxWatch, type MailboxWatcher } from './watch.ts';
