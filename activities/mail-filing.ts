import { checkMailTrust, freeMemory, type MailParser, type MailTrust } from '../connectors/mail/index.ts';
import { systemActor } from '../core/actor.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { ParsedMail } from '../core/mail/parsed-mail.ts';
import { abilityOf } from '../commands/abilityOf.ts';
import type { Context } from '../commands/context.ts';
import { fileMail, type UnderstoodMail } from '../commands/mail/fileMail.ts';
import { quarantineMail } from '../commands/mail/quarantineMail.ts';
import type { BlobStore } from '../store/blobs.ts';
import { failpoint } from '../store/failpoints.ts';
import { readRawMail } from '../store/intake.ts';
import {
  beginMailJobs,
  makeMailJobsDue,
  postponeMailJob,
  readMailBacklog,
  readDueMailJobs,
  type MailJob,
} from '../store/mail-jobs.ts';
import type { RecordData } from '../store/record-table.ts';
import { languageOf, type WorkerStore } from './context.ts';
import { Duty, type DutyState } from './lease.ts';

export interface MailFilingOptions extends WorkerStore {
  readonly blobs: BlobStore;
  readonly parser: MailParser;
  readonly onError: (error: unknown) => void;
}

export interface MailFilingState extends DutyState {
  /** Acknowledged mails that are not filed yet. */
  readonly backlog: number;
}

/** Works the mails that were acknowledged: one process of all at a time, whether Temporal is there or not. */
export interface MailFiling {
  /** There is new mail: look at once. */
  wake(): void;
  /** For the health page. */
  state(): MailFilingState;
  /** Ends after what is under way. */
  stop(): Promise<void>;
}

const leaseMs = 5_000;
const idleMs = 500;
const mostTries = 3;
const trustWithinMs = 1_500;
/** Mails at once: most of them wait for name servers; of large ones only one is in memory. */
const concurrency = 32;
/** Work that was begun by a process that died is begun again so much later; no mail takes longer. */
const abandonedMs = 60_000;
/** After a first and a second failure. */
const retryMs = [0, 1_000, 4_000] as const;

const died = { de: 'Beim Verarbeiten ist etwas abgestürzt.', en: 'Something crashed while working on it.' };

const untrusted: MailTrust = {
  level: 'unknown',
  spf: 'unknown',
  dkim: 'unknown',
  dmarc: 'unknown',
  reason: { de: 'Der Absender ließ sich nicht prüfen.', en: 'The sender could not be checked.' },
};

export function createMailFiling(options: MailFilingOptions): MailFiling {
  return new Filing(options);
}

class Filing implements MailFiling {
  readonly #options: MailFilingOptions;
  readonly #duty: Duty;
  readonly #underWay = new Set<Promise<void>>();
  #backlog = 0;
  /** Why work that was under way could not go on: the next round says so. */
  #failure: Error | undefined;
  #largeTurn: Promise<unknown> = Promise.resolve();

  constructor(options: MailFilingOptions) {
    const { db, now } = options;
    this.#options = options;
    this.#duty = new Duty({
      ...options,
      name: 'mail',
      leaseMs,
      idleMs,
      round: async () => await this.#round(),
      // What was begun by whoever had it before is begun again.
      onTaken: async () => await db.write(async (tx) => await makeMailJobsDue(tx, now().toISOString())),
    });
  }

  wake(): void {
    this.#duty.wake();
  }

  state(): MailFilingState {
    return { ...this.#duty.state(), backlog: this.#backlog };
  }

  async stop(): Promise<void> {
    await this.#duty.stop();
    await Promise.all(this.#underWay);
    await this.#options.parser.close();
  }

  /**
   * Begins new mails while there is room, or works one that failed before, alone: whoever it takes down, it takes nobody with it.
   * None waits for those that are under way. Answers whether there may be more.
   */
  async #round(): Promise<boolean> {
    const { db, now } = this.#options;
    this.#throwFailure();
    this.#backlog = await readMailBacklog(db);
    if (this.#underWay.size >= concurrency) await Promise.race(this.#underWay);
    const due = await readDueMailJobs(db, now().toISOString(), concurrency - this.#underWay.size);
    const fresh = due.filter((job) => job.attempts === 0);
    if (fresh.length > 0) await this.#begin(fresh);
    else if (due.length > 0) await this.#beginAlone(due.slice(0, 1));
    return due.length > 0;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  async #beginAlone(jobs: readonly MailJob[]): Promise<void> {
    await Promise.all(this.#underWay);
    await this.#begin(jobs);
    await Promise.all(this.#underWay);
  }

  async #begin(jobs: readonly MailJob[]): Promise<void> {
    const { db, now } = this.#options;
    const dueAt = new Date(now().getTime() + abandonedMs).toISOString();
    const ids = jobs.map((job) => job.id);
    await db.write(async (tx) => await beginMailJobs(tx, ids, dueAt));
    for (const job of jobs) this.#start({ ...job, attempts: job.attempts + 1 });
  }

  #start(job: MailJob): void {
    const work = this.#carry(job).finally(() => {
      this.#underWay.delete(work);
      // It may be due again, and a failure is to be told.
      this.#duty.wake();
    });
    this.#underWay.add(work);
  }

  async #carry(job: MailJob): Promise<void> {
    try {
      await this.#work(job);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
  }

  #contextOf(job: MailJob): Context {
    const { registry, db, now, newId } = this.#options;
    const snapshot = registry.snapshot(job.tenantId);
    const actor = systemActor(job.tenantId, languageOf(snapshot));
    return { db, snapshot, actor, ability: abilityOf(snapshot, actor, now()), language: actor.language, now, newId };
  }

  async #work(job: MailJob): Promise<void> {
    const ctx = this.#contextOf(job);
    // Only a mail that took the process down comes this often.
    if (job.attempts > mostTries) return await this.#quarantine(ctx, job, undefined);
    try {
      await this.#file(ctx, job);
    } catch (error) {
      this.#options.onError(error);
      if (error instanceof LeitwerkError && error.isRetryable && error.code === 'Unavailable') throw error;
      if (job.attempts >= mostTries) await this.#quarantine(ctx, job, error);
      else await this.#retry(job);
    }
  }

  async #retry(job: MailJob): Promise<void> {
    const { db, now } = this.#options;
    const dueAt = new Date(now().getTime() + (retryMs[job.attempts] ?? 0)).toISOString();
    await db.write(async (tx) => await postponeMailJob(tx, job.id, dueAt));
  }

  async #quarantine(ctx: Context, job: MailJob, cause: unknown): Promise<void> {
    const { de, en } = cause instanceof LeitwerkError ? cause.text : died;
    const reason = {
      de: `Nach ${mostTries} Versuchen beiseitegelegt: ${de}`,
      en: `Put aside after ${mostTries} tries: ${en}`,
    };
    await quarantineMail(ctx, { job, reason });
  }

  async #file(ctx: Context, job: MailJob): Promise<void> {
    const stored = await readRawMail(this.#options.db, job);
    if (stored === undefined) return;
    const { mailRaw, bodyBlob } = stored;
    if (bodyBlob === null) return await this.#fileRaw(ctx, job, Buffer.from(mailRaw ?? ''));
    const turn = this.#largeTurn.then(async () => await this.#fileLarge(ctx, job, bodyBlob));
    this.#largeTurn = turn.catch(() => undefined);
    await turn;
  }

  async #fileRaw(ctx: Context, job: MailJob, raw: Uint8Array): Promise<void> {
    const [mail, trust] = await Promise.all([this.#options.parser.parse(raw), trustOf(raw, job)]);
    await this.#fileParsed(ctx, { job, mail, trust });
  }

  /** One after the other instead of at once: whoever is done with the bytes gives them on or back. */
  async #fileLarge(ctx: Context, job: MailJob, blob: string): Promise<void> {
    const raw = await this.#options.blobs.get(blob);
    const trust = await trustOf(raw, job);
    const mail = await this.#options.parser.parse(raw, { isGivenAway: true });
    await this.#fileParsed(ctx, { job, mail, trust });
    for (const { content } of mail.attachments) freeMemory(content);
  }

  async #fileParsed(ctx: Context, parsed: Omit<UnderstoodMail, 'attachments'>): Promise<void> {
    failpoint('S9');
    await fileMail(ctx, { ...parsed, attachments: await this.#storeFiles(parsed.mail) });
  }

  async #storeFiles(mail: ParsedMail): Promise<RecordData[]> {
    const files: RecordData[] = [];
    for (const { fileName, content, ...file } of mail.attachments)
      files.push({ ...file, name: fileName, field: '', blob: await this.#options.blobs.put(content) });
    return files;
  }
}

const trustOf = async (raw: Uint8Array, { envelope }: MailJob): Promise<MailTrust> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<MailTrust>((resolve) => void (timer = setTimeout(() => resolve(untrusted), trustWithinMs)));
  try {
    return await Promise.race([checkMailTrust(raw, envelope), late]);
  } finally {
    clearTimeout(timer);
  }
};
