export { createMailParser, MailParseError, type MailParser } from './parser.ts';
export { checkMailTrust, type DnsResolver, type MailTrust } from './trust.ts';
export { freeMemory } from './memory.ts';
