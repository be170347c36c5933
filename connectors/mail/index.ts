export { createMailParser, MailParseError, type MailParser } from './parser.ts';
export { checkMailTrust, type DnsResolver } from './trust.ts';
