import type { ParsedMail } from '../../core/mail/index.ts';

/** A mail that was understood, with what a test cares about. */
export const buildMail = (mail: Partial<ParsedMail> = {}): ParsedMail => ({
  messageId: 'm1@example.com',
  inReplyTo: null,
  references: [],
  from: { address: 'anna@example.com', name: 'Anna Muster' },
  replyTo: [],
  to: [{ address: 'leads@firma.example', name: '' }],
  cc: [],
  subject: 'Anfrage',
  date: '2026-11-23T09:12:00.000Z',
  text: '',
  html: null,
  attachments: [],
  headers: {},
  doubts: [],
  ...mail,
});
