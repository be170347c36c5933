import type { Context } from '../commands/context.ts';
import type { Source } from '../commands/source.ts';
import { alertText, watchSources } from '../commands/watchSources.ts';
import { systemActor } from '../core/actor.ts';
import { LeitwerkError } from '../core/errors.ts';
import type { TemplateConfig } from '../core/template.ts';
import { effectId } from '../store/effects.ts';
import { writeWaitingMails, type MailTo, type SourceAlert } from '../store/source-alerts.ts';
import { composeMail } from './compose-mail.ts';
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

/** Templates of the mails about an alert. */
const templates: Readonly<Record<SourceAlert['kind'], string>> = {
  silence: 'quelle-verstummt',
  errorRate: 'quelle-fehlerhaft',
};

/** Written where an admin has archived the template: an alert is never kept back. */
const plain: TemplateConfig = {
  subject: { de: 'Quelle „{{source.label}}“ prüfen', en: 'Check the source “{{source.label}}”' },
  body: { de: '{{alert.text}}\n\n{{url}}', en: '{{alert.text}}\n\n{{url}}' },
};

const labelled = ({ snapshot }: Context, key: string): Pick<Source, 'key' | 'label'> =>
  (snapshot.config('sources').get(key)?.value as Source | undefined) ?? { key, label: { de: key, en: key } };

const compose = (
  { publicUrl, mailFrom }: Watching,
  ctx: Context,
  of: { readonly alert: SourceAlert; readonly to: MailTo },
) => {
  const { alert, to } = of;
  const { language } = to;
  const template = ctx.snapshot.config('templates').get(templates[alert.kind])?.value as TemplateConfig | undefined;
  const { key, label } = labelled(ctx, alert.source);
  return composeMail(ctx, {
    template: template ?? plain,
    data: {
      record: {},
      source: { key, label: label[language] },
      alert: { ...alert.finding, text: alertText({ label }, alert.finding)[language] },
      url: `${publicUrl}/received?filter=${encodeURIComponent(`source = "${key}"`)}`,
    },
    language,
    mailFrom,
  });
};

/** The same for every attempt to write to one address. */
const mailId = (alert: SourceAlert, to: MailTo): string => effectId(`source-alert/${alert.id}/${to.address}`);
