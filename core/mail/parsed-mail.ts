import type { Text } from '../errors.ts';

export interface MailAddress {
  /** Lower-cased address, e.g. `anna@example.com`. */
  readonly address: string;
  /** Display name, '' when there is none. */
  readonly name: string;
}

export interface MailAttachment {
  readonly fileName: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  readonly content: Uint8Array;
  /** A picture that the HTML shows in its place (`isInlinePicture`), not a file the sender meant to attach. */
  readonly isInline: boolean;
  /** What the HTML names it by (`cid:`), without angle brackets. */
  readonly contentId: string | null;
}

/** A mail as it was understood from its raw bytes. Texts are plain UTF-8; HTML is sanitised: no scripts, no remote requests. */
export interface ParsedMail {
  /** Without angle brackets; null when the mail has none. */
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  /** Oldest first, without angle brackets. */
  readonly references: readonly string[];
  readonly from: MailAddress | null;
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly subject: string;
  /** ISO 8601 UTC; null when missing or unreadable. */
  readonly date: string | null;
  readonly text: string;
  /** Sanitised, its own pictures by their content ids (`data-attached`); null when the mail has no HTML. */
  readonly html: string | null;
  readonly attachments: readonly MailAttachment[];
  /** Lower-cased header names; several values joined by a newline. */
  readonly headers: Readonly<Record<string, string>>;
  /** Reasons why a person should look at it (broken charset, too many parts, encrypted …); empty for most. */
  readonly doubts: readonly Text[];
}
