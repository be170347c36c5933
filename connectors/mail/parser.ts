import { Worker } from 'node:worker_threads';
import { LeitwerkError, type Text } from '../../core/errors.ts';
import type { ParsedMail } from '../../core/mail/parsed-mail.ts';

export interface MailParser {
  /**
   * Never throws for what a mail contains: a mail that cannot be parsed at all answers with `doubts` and what could be read.
   * Mails wait for each other; the deadline counts from a mail's own turn.
   * @throws MailParseError only when the deadline or the memory limit was passed or the thread died. The next mail gets a new thread.
   */
  readonly parse: (raw: Uint8Array, options?: ParseOptions) => Promise<ParsedMail>;
  /** Ends the thread; mails that are still waiting fail. */
  readonly close: () => Promise<void>;
}

export interface ParseOptions {
  /** The caller does not read the mail afterwards: its memory goes to the thread instead of a copy. */
  readonly isGivenAway?: boolean;
}

export interface MailParserLimits {
  readonly deadlineMs: number;
  /** For what parsing makes of a mail; the thread is ended beyond it. */
  readonly memoryMb: number;
}

type Reason = 'deadline' | 'memory' | 'died' | 'closed';

const sentences: Readonly<Record<Reason, Text>> = {
  deadline: {
    de: 'Die Nachricht war in der erlaubten Zeit nicht zu lesen.',
    en: 'The mail could not be read in the time allowed.',
  },
  memory: {
    de: 'Die Nachricht braucht beim Lesen mehr Speicher als erlaubt.',
    en: 'The mail takes more memory to read than allowed.',
  },
  died: { de: 'Beim Lesen der Nachricht ist der Leser abgestürzt.', en: 'The reader crashed while reading the mail.' },
  closed: { de: 'Der Leser für Nachrichten wird gerade beendet.', en: 'The reader of mails is being shut down.' },
};

/** A mail that must not be tried again and again: poison. `closed` says nothing about the mail. */
export class MailParseError extends LeitwerkError {
  readonly reason: Reason;

  constructor(reason: Reason, cause?: unknown) {
    super(reason === 'closed' ? 'Unavailable' : 'Internal', { text: sentences[reason], cause });
    this.name = 'MailParseError';
    this.reason = reason;
  }
}

interface Task {
  readonly raw: Uint8Array;
  readonly isGivenAway: boolean;
  readonly answer: PromiseWithResolvers<ParsedMail>;
}

const entry = new URL('../../scripts/thread.mjs', import.meta.url);
const program = new URL('parser-thread.ts', import.meta.url);

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

class ThreadParser implements MailParser {
  readonly #limits: MailParserLimits;
  readonly #waiting: Task[] = [];
  #worker: Worker | undefined;
  #current: Task | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(limits: MailParserLimits) {
    this.#limits = limits;
  }

  readonly parse = async (raw: Uint8Array, { isGivenAway = false }: ParseOptions = {}): Promise<ParsedMail> => {
    if (this.#isClosed) throw new MailParseError('closed');
    const answer = Promise.withResolvers<ParsedMail>();
    this.#waiting.push({ raw, isGivenAway, answer });
    this.#next();
    return await answer.promise;
  };

  readonly close = async (): Promise<void> => {
    this.#isClosed = true;
    for (const { answer } of this.#waiting.splice(0)) answer.reject(new MailParseError('closed'));
    this.#fail(new MailParseError('closed'));
    await this.#end();
  };

  #next(): void {
    if (this.#current !== undefined) return;
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) return;
    this.#worker ??= this.#start();
    this.#timer = setTimeout(() => this.#lose(new MailParseError('deadline')), this.#limits.deadlineMs);
    const { raw, isGivenAway } = this.#current;
    // Small buffers share their memory with others.
    const isWhole = raw.buffer instanceof ArrayBuffer && raw.byteLength === raw.buffer.byteLength;
    const sent = isGivenAway && isWhole ? raw : Uint8Array.from(raw);
    this.#worker.postMessage(sent, [sent.buffer as ArrayBuffer]);
  }

  #take(): Task | undefined {
    clearTimeout(this.#timer);
    const task = this.#current;
    this.#current = undefined;
    return task;
  }

  #fail(error: MailParseError): void {
    this.#take()?.answer.reject(error);
  }

  /** The thread is in an unknown state: it is ended, and the next mail gets a new one. */
  #lose(error: MailParseError): void {
    void this.#end();
    this.#fail(error);
    this.#next();
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(entry, {
      argv: [program.href],
      // At its limit a thread is given 16 MB more to end in. Where one collection may bring more than that, the whole process dies.
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMb, maxYoungGenerationSizeMb: 8 },
    });
    worker.on('message', (mail: ParsedMail) => {
      if (this.#worker !== worker) return;
      this.#take()?.answer.resolve(mail);
      this.#next();
    });
    const lose = (error?: unknown): void => {
      if (this.#worker !== worker) return;
      this.#lose(new MailParseError(isOutOfMemory(error) ? 'memory' : 'died', error));
    };
    worker.on('error', lose);
    worker.on('exit', () => lose());
    // An idle reader keeps no process alive; while it works, the deadline's timer does.
    worker.unref();
    return worker;
  }
}

/** Reads mails in a thread of its own, started with the first mail and again after a death. */
export function createMailParser(limits: MailParserLimits): MailParser {
  return new ThreadParser(limits);
}
