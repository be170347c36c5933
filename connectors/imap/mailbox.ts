import type { Readable } from 'node:stream';
import type { MailAddress } from '../../core/mail/parsed-mail.ts';

/** A mailbox at a provider, as a connection holds it: plain values only. */
export interface ImapMailbox {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (usually port 993). Otherwise STARTTLS is demanded: no password crosses the network in the clear. */
  readonly secure: boolean;
  readonly user: string;
  readonly auth: ImapPassword | ImapOAuth;
  readonly folder: string;
  /** Key of the source whose leads come from here. */
  readonly source: string;
  /** What happens to a mail in the mailbox once it is durable with us. */
  readonly after: 'seen' | 'move' | 'nothing';
  /** Folder for `move`; it is made when it is missing. */
  readonly moveTo?: string;
}

export interface ImapPassword {
  readonly type: 'password';
  readonly password: string;
}

/** XOAUTH2, as Google and Microsoft ask for: a lasting refresh token buys access tokens at the token endpoint. */
export interface ImapOAuth {
  readonly type: 'oauth';
  readonly tokenUrl: string;
  readonly clientId: string;
  /** Absent for public clients. */
  readonly clientSecret?: string;
  readonly refreshToken: string;
  readonly scope?: string;
}

/** How far a folder was read. Every mail up to `uid` is durable or was passed over. */
export interface MailboxPosition {
  /** The server's number for its numbering of the folder: when it changes, no uid means what it meant. */
  readonly uidValidity: string;
  readonly uid: number;
  /** While the first reading of a numbering is not through: up to here only what nobody has read is wanted, or came `since`. */
  readonly unreadUpTo?: number;
  /** When the newest mail came that is with us or was passed over (INTERNALDATE): what tells new from old once uids mean nothing. */
  readonly since?: string | undefined;
  /** The mail at `uid` is not with us: it stays in the mailbox as it is. */
  readonly isPassedOver?: true;
}

export interface MailboxMail {
  /** Where the mailbox stands once this mail is durable: store it together with the mail. */
  readonly position: MailboxPosition;
  /** Exactly as it lies at the server. What is not read is thrown away. */
  readonly raw: Readable;
}

/** A mail that is too large to be fetched, as its server describes it. It stays in the mailbox as it is. */
export interface OversizedMail {
  readonly position: MailboxPosition;
  /** Bytes. */
  readonly size: number;
  /** Without angle brackets; undefined when it has none. */
  readonly messageId: string | undefined;
  readonly from: MailAddress | null;
  readonly subject: string;
}

/** Resolves when the mail is durable and rejects when it could not be stored: then the mailbox keeps it as it is, and it comes again. */
export type ReceiveMail = (mail: MailboxMail | OversizedMail) => Promise<void>;
