export { createMailParser, MailParseError, type MailParser, type MailParserLimits } from './parser.ts';
export { checkMailTrust, type DnsResolver, type MailSession, type MailTrust } from './trust.ts';
