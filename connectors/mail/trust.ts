import { resolve } from 'node:dns/promises';
import type { authenticate } from 'mailauth';
import type { Text } from '../../core/errors.ts';
import { keepAnswers, type DnsResolver } from './dns-cache.ts';

export interface MailSession {
  /** IP address of the server that delivered the mail; '' for one that was found in a mailbox. */
  readonly remoteAddress: string;
  readonly helo: string;
  /** '' for the empty sender of bounces. */
  readonly mailFrom: string;
}

/**
 * How far the sender that a mail names can be believed.
 * `aligned`: signed (DKIM) by the sender's own domain. `unaligned`: signed by somebody else's. `failed`: a signature that does not hold, or a
 * domain that asks to refuse such mails. `none`: not signed. `unknown`: DNS did not answer.
 */
export interface MailTrust {
  readonly level: 'aligned' | 'unaligned' | 'failed' | 'none' | 'unknown';
  /** Results in the words of RFC 8601: `pass`, `fail`, `softfail`, `neutral`, `none`, `temperror`, `permerror`, `policy`. */
  readonly spf: string;
  readonly dkim: string;
  readonly dmarc: string;
  readonly reason: Text;
}

const deadlineMs = 10_000;

const lookUp = keepAnswers(async (name, type) => (await resolve(name, type)) as string[] | string[][]);

const reasonFor = (level: MailTrust['level'], domain: string): Text => {
  switch (level) {
    case 'aligned':
      return { de: `Von „${domain}“ selbst unterschrieben.`, en: `Signed by "${domain}" itself.` };
    case 'unaligned':
      return {
        de: `Unterschrieben, aber nicht von „${domain}“, der Domain des Absenders.`,
        en: `Signed, but not by "${domain}", the domain of the sender.`,
      };
    case 'failed':
      return {
        de: `Die Unterschrift stimmt nicht, oder „${domain}“ weist solche Nachrichten zurück: Der Absender kann gefälscht sein.`,
        en: `The signature does not hold, or "${domain}" refuses such mails: the sender may be forged.`,
      };
    case 'none':
      return {
        de: 'Nicht unterschrieben: Der Absender ist nur eine Angabe.',
        en: 'Not signed: the sender is only a claim.',
      };
    case 'unknown':
      return {
        de: 'Nicht prüfbar, weil das Namenssystem (DNS) nicht antwortete.',
        en: 'Could not be checked because the name system (DNS) did not answer.',
      };
  }
};

type Results = Awaited<ReturnType<typeof authenticate>>;

const levelOf = ({ dkim, dmarc }: Results, { remoteAddress }: MailSession): MailTrust['level'] => {
  const signatures = (dkim.results ?? []).map(({ status }) => status);
  const results = signatures.map(({ result }) => String(result));
  if (signatures.some(({ result, aligned }) => result === 'pass' && Boolean(aligned))) return 'aligned';
  const verdict = dmarc === false ? '' : String(dmarc.status.result);
  if (results.includes('temperror') || verdict === 'temperror') return 'unknown';
  const policy = dmarc === false ? '' : String(dmarc.policy ?? '');
  // Of a mail that lay in a mailbox only its provider knows whether SPF held, so DMARC fails for want of it.
  const isJudged = remoteAddress !== '' || results.some((result) => result !== 'none');
  if (isJudged && verdict === 'fail' && ['reject', 'quarantine'].includes(policy)) return 'failed';
  if (results.includes('pass')) return 'unaligned';
  // `neutral` is what the library says of a body that was changed and of a signature it cannot read.
  return results.some((result) => ['fail', 'neutral', 'permerror', 'policy'].includes(result)) ? 'failed' : 'none';
};

/** The best of several signatures. */
const dkimOf = ({ dkim }: Results): string => {
  const results = (dkim.results ?? []).map(({ status }) => String(status.result));
  return ['pass', 'temperror', 'fail', 'policy', 'neutral', 'permerror'].find((one) => results.includes(one)) ?? 'none';
};

const unknown: MailTrust = {
  level: 'unknown',
  spf: 'temperror',
  dkim: 'temperror',
  dmarc: 'temperror',
  reason: reasonFor('unknown', ''),
};

const inTime = async <T>(work: Promise<T>): Promise<T | undefined> => {
  const timer = Promise.withResolvers<undefined>();
  const timeout = setTimeout(() => timer.resolve(undefined), deadlineMs);
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
};

/**
 * SPF, DKIM and DMARC of a mail as it was delivered. Ten seconds at most. DNS being down, or anything that the check itself cannot cope with,
 * is `unknown`, never an error.
 * @param raw The mail with the line ends it was delivered with; a changed byte breaks the signature.
 */
export async function checkMailTrust(
  raw: Uint8Array,
  session: MailSession,
  resolver: DnsResolver = lookUp,
): Promise<MailTrust> {
  let results: Results | undefined;
  try {
    // Loaded with the first mail: it takes 40 MB, and most days of a new system bring none.
    const mailauth = await import('mailauth');
    results = await inTime(
      mailauth.authenticate(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), {
        ip: session.remoteAddress,
        helo: session.helo,
        sender: session.mailFrom,
        mta: 'leitwerk',
        disableArc: true,
        disableBimi: true,
        resolver,
      }),
    );
  } catch {
    // A mail that the library cannot take is as unproven as one that could not be looked up.
    return unknown;
  }
  if (results === undefined) return unknown;
  const level = levelOf(results, session);
  const domain = (results.dkim.headerFrom?.[0] ?? '').split('@').at(-1) ?? '';
  return {
    level,
    spf: results.spf === false || session.remoteAddress === '' ? 'none' : String(results.spf.status.result),
    dkim: dkimOf(results),
    dmarc: results.dmarc === false ? 'none' : String(results.dmarc.status.result),
    reason: reasonFor(level, domain),
  };
}
