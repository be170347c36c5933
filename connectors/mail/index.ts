export { createMailParser, MailParseError, type MailParser } from './parser.ts';
export type { DnsResolver } from './dns-cache.ts';
export { checkMailTrust, type MailTrust } from './trust.ts';
export { freeMemory } from './memory.ts';
