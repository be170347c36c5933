import { Worker } from 'node:worker_threads';
import type { Text } from '../../core/errors.ts';
import type { ParsedMail } from '../../core/mail/parsed-mail.ts';

/** Stands in until `mailparse` is merged, whose folder replaces this one. */
export interface MailParser {
  /** Throws `MailParseError` only when the deadline or the memory limit was passed or the thread died. */
  readonly parse: (raw: Uint8Array) => Promise<ParsedMail>;
  readonly close: () => Promise<void>;
}

export class MailParseError extends Error {
  override readonly name = 'MailParseError';
}

interface Waiting {
  readonly resolve: (mail: ParsedMail) => void;
  readonly reject: (error: Error) => void;
}

export function createMailParser(options: { readonly deadlineMs: number; readonly memoryMb: number }): MailParser {
  let thread: Worker | undefined;
  let waiting: Waiting | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const fail = (reason: string): void => {
    void thread?.terminate();
    thread = undefined;
    waiting?.reject(new MailParseError(reason));
  };
  const open = (): Worker => {
    const made = new Worker(new URL('parse-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMb },
    });
    made.unref();
    made.on('message', (mail: ParsedMail) => waiting?.resolve(mail));
    made.on('error', (error) => made === thread && fail(String(error)));
    made.on('exit', () => made === thread && fail('the thread ended'));
    return made;
  };
  const parseOne = async (raw: Uint8Array): Promise<ParsedMail> => {
    const deadline = setTimeout(() => fail('the deadline passed'), options.deadlineMs);
    try {
      return await new Promise<ParsedMail>((resolve, reject) => {
        waiting = { resolve, reject };
        thread ??= open();
        thread.postMessage(raw);
      });
    } finally {
      clearTimeout(deadline);
      waiting = undefined;
    }
  };
  return {
    parse: async (raw) => {
      const mine = turn.then(async () => await parseOne(raw));
      turn = mine.catch(() => undefined);
      return await mine;
    },
    close: async () => {
      const ending = thread;
      thread = undefined;
      await ending?.terminate();
    },
  };
}

export interface MailTrust {
  readonly level: 'aligned' | 'unaligned' | 'failed' | 'none' | 'unknown';
  readonly spf: string;
  readonly dkim: string;
  readonly dmarc: string;
  readonly reason: Text;
}

export type DnsResolver = (name: string, type: string) => Promise<readonly string[]>;

export interface MailSession {
  readonly remoteAddress: string;
  readonly helo: string;
  readonly mailFrom: string;
}

export async function checkMailTrust(
  _raw: Uint8Array,
  _session: MailSession,
  _resolver?: DnsResolver,
): Promise<MailTrust> {
  const reason = { de: 'Der Absender wurde nicht geprüft.', en: 'The sender was not checked.' };
  return await Promise.resolve({ level: 'unknown', spf: 'none', dkim: 'none', dmarc: 'none', reason });
}
