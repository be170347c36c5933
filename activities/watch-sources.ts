import { companyOf } from '../commands/company.ts';
import type { Context } from '../commands/context.ts';
import type { Source } from '../commands/source.ts';
import { alertText, watchSources } from '../commands/watchSources.ts';
import { systemActor } from '../core/actor.ts';
import { LeitwerkError } from '../core/errors.ts';
import { effectId } from '../store/effects.ts';
import { writeWaitingMails, type MailTo, type SourceAlert } from '../store/source-alerts.ts';
import { languageOf, processContext } from './context.ts';
import { underLease } from './lease.ts';
import type { Outside } from './perform-effect.ts';

/** How long one look may keep others from it. */
const leaseMs = 120_000;

type Watching = Pick<Outside, 'db' | 'registry' | 'now' | 'newId' | 'mailer' | 'mailFrom' | 'publicUrl'>;

/** Looks after the sources of every tenant and writes the mails that alerts owe. One process at a time does. */
export async function watchAllSources(outside: Watching, holder: string): Promise<void> {
  await underLease(outside, { name: 'sources', holder, ms: leaseMs }, async () => {
    for (const tenantId of outside.registry.tenantIds) {
      const ctx = contextOf(outside, tenantId);
      for (const alert of await watchSources(ctx)) await sendMails(outside, ctx, alert);
    }
  });
}

const contextOf = (outside: Watching, tenantId: string): Context => ({
  ...processContext(outside, { tenantId, entity: 'source', recordId: 'watch' }),
  actor: systemActor(tenantId, languageOf(outside.registry.snapshot(tenantId))),
});

/** Whom the server cannot serve now is written to at the next look, as long as the alert lasts; whom it refuses is left. */
const sendMails = async (outside: Watching, ctx: Context, alert: SourceAlert): Promise<void> => {
  const { mailer } = outside;
  if (mailer === undefined) return;
  for (const [index, to] of alert.mails.entries()) {
    try {
      await mailer.send({ ...compose(outside, ctx, { alert, to }), to: to.address, id: mailId(alert, to) });
    } catch (error) {
      if (!(error instanceof LeitwerkError) || error.code !== 'RemoteRejected') throw error;
    }
    await outside.db.write(async (tx) => await writeWaitingMails(tx, alert.id, alert.mails.slice(index + 1)));
  }
};

const compose = (outside: Watching, ctx: Context, of: { readonly alert: SourceAlert; readonly to: MailTo }) => {
  const { alert, to } = of;
  const company = companyOf(ctx.snapshot);
  const source = ctx.snapshot.config('sources').get(alert.source)?.value as Source | undefined;
  const label = source?.label ?? { de: alert.source, en: alert.source };
  const sentence = alertText({ label }, alert.finding)[to.language];
  const url = `${outside.publicUrl}/received?filter=${encodeURIComponent(`source = "${alert.source}"`)}`;
  const text = `${sentence}\n\n${url}\n`;
  return {
    from: {
      name: company?.mail?.fromName ?? company?.name ?? 'Leitwerk',
      address: outside.mailFrom ?? company?.mail?.from ?? 'leitwerk@localhost',
    },
    subject: to.language === 'de' ? `Quelle „${label.de}“ prüfen` : `Check the source "${label.en}"`,
    text,
    html: `<p>${escaped(sentence)}</p><p><a href="${escaped(url)}">${escaped(url)}</a></p>`,
  };
};

/** The same for every attempt to write to one address. */
const mailId = (alert: SourceAlert, to: MailTo): string => effectId(`source-alert/${alert.id}/${to.address}`);

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (letter) => entities[letter] ?? letter);
