import { usersOf } from '../commands/process/recipients.ts';
import { pipelineOf } from '../commands/pipelineOf.ts';
import { modelOf, type Context } from '../commands/context.ts';
import { addTimelineEntry, linksOf } from '../commands/timeline.ts';
import { signingSecrets } from '../commands/webhookSecret.ts';
import type { Egress } from '../connectors/egress.ts';
import type { Mailer } from '../connectors/mail-out/index.ts';
import { sendWebhook } from '../connectors/webhook-out/index.ts';
import { emailKey } from '../core/dedupe-keys.ts';
import { LeitwerkError, type Language } from '../core/errors.ts';
import { splitRecipient, type Recipient } from '../core/pipeline/config.ts';
import type { ExternalEffect } from '../core/pipeline/state.ts';
import type { TemplateConfig } from '../core/template.ts';
import { readEffect, writeEffectState, writeSent, type EffectRow } from '../store/effects.ts';
import { failpoint } from '../store/failpoints.ts';
import type { RecordData } from '../store/record-table.ts';
import { findRecord } from '../store/records.ts';
import type { SecretBox } from '../store/secrets.ts';
import { composeMail } from './compose-mail.ts';
import { processContext, type WorkerStore } from './context.ts';
import type { EffectInput } from './contract.ts';

export interface Outside extends WorkerStore {
  readonly egress: Egress;
  /** Undefined where no mail server is set. */
  readonly mailer: Mailer | undefined;
  /** Overrides the sender of the company's settings. */
  readonly mailFrom: string | undefined;
  readonly secrets: SecretBox;
  /** Address of the app, for links in mails. */
  readonly publicUrl: string;
}

interface Sending {
  readonly ctx: Context;
  readonly row: EffectRow;
  readonly record: RecordData;
}

/**
 * Sends a recorded mail or webhook. One that is done or was left is not sent again; each recipient of a mail is noted as soon as
 * the server took it, and Message-ID and webhook id are the effect's own, so that even a repetition between the two is known as one.
 * @throws LeitwerkError `RemoteUnavailable`, `RemoteRejected`, `Misconfigured`.
 */
export async function performEffect(outside: Outside, input: EffectInput): Promise<void> {
  const row = await readEffect(outside.db, input.tenantId, input.id);
  if (row === undefined || row.state === 'done' || row.state === 'skipped') return;
  const ctx = processContext(outside, row);
  const record = await findRecord(outside.db, modelOf(ctx, row.entity), {
    tenantId: row.tenantId,
    id: row.recordId,
    isDeletedToo: true,
  });
  if (record !== undefined) await send(outside, { ctx, row, record });
  failpoint('S11');
  const at = ctx.now().toISOString();
  await outside.db.write(async (tx) => {
    await writeEffectState(tx, { tenantId: row.tenantId, id: row.id, state: 'done', at, attempts: row.attempts + 1 });
    if (record !== undefined)
      await addTimelineEntry(ctx, tx, {
        kind: kinds[row.effect.kind],
        facts: factsOf(row.effect),
        links: linksOf(ctx, row.entity, record),
      });
  });
  failpoint('S12');
}

const kinds = { sendMail: 'mail-sent', callWebhook: 'webhook-sent' } as const;

const factsOf = (effect: ExternalEffect): RecordData =>
  effect.kind === 'sendMail'
    ? { template: effect.template, to: effect.to }
    : { event: effect.event, host: new URL(effect.url).host };

const send = async (outside: Outside, sending: Sending): Promise<void> => {
  const { effect } = sending.row;
  if (effect.kind === 'sendMail') await sendMails(outside, sending, effect);
  else await callWebhook(outside, sending, effect);
};

const callWebhook = async (
  outside: Outside,
  { ctx, row }: Sending,
  effect: Extract<ExternalEffect, { kind: 'callWebhook' }>,
): Promise<void> => {
  const secrets = await signingSecrets(ctx, outside.secrets);
  const data = {
    entity: row.entity,
    id: row.recordId,
    stage: row.stage,
    url: `${outside.publicUrl}/${row.entity}/${row.recordId}`,
  };
  await sendWebhook(
    outside.egress,
    { url: effect.url, id: `msg_${row.id}`, event: effect.event, at: new Date(row.createdAt), data, secrets },
    ctx.now(),
  );
};

interface Addressee {
  readonly address: string;
  readonly language: Language;
}

const addresseesOf = (ctx: Context, record: RecordData, to: readonly Recipient[]): Addressee[] => {
  const found = new Map<string, Addressee>();
  for (const user of usersOf(ctx, record, to))
    found.set(emailKey(user.email), { address: user.email, language: user.language });
  for (const recipient of to) {
    const [kind, name] = splitRecipient(recipient);
    const address = kind === 'field' ? record[name] : kind === 'mail' ? name : undefined;
    if (typeof address === 'string' && address.includes('@') && !found.has(emailKey(address)))
      found.set(emailKey(address), { address, language: ctx.language });
  }
  return [...found.values()];
};

const sendMails = async (
  outside: Outside,
  { ctx, row, record }: Sending,
  effect: Extract<ExternalEffect, { kind: 'sendMail' }>,
): Promise<void> => {
  const { mailer } = outside;
  const addressees = addresseesOf(ctx, record, effect.to);
  if (addressees.length === 0) return;
  if (mailer === undefined) {
    throw new LeitwerkError('Misconfigured', {
      text: {
        de: 'Es ist kein Mailserver eingestellt: MAIL_URL setzen, dann fortsetzen.',
        en: 'No mail server is set: set MAIL_URL, then continue.',
      },
      facts: { setting: 'MAIL_URL' },
    });
  }
  const compose = await composer(outside, { ctx, row, record }, effect.template);
  const sent = new Set(row.sent);
  for (const [index, addressee] of addressees.entries()) {
    if (sent.has(addressee.address)) continue;
    await mailer.send({ ...compose(addressee.language), to: addressee.address, id: `${row.id}.${index}` });
    sent.add(addressee.address);
    if (addressees.length > 1) await outside.db.write(async (tx) => await writeSent(tx, row, [...sent]));
  }
};

const composer = async (outside: Outside, { ctx, row, record }: Sending, key: string) => {
  const template = ctx.snapshot.config('templates').get(key)?.value as TemplateConfig | undefined;
  if (template === undefined) {
    throw new LeitwerkError('Misconfigured', {
      text: { de: `Die Vorlage „${key}“ gibt es nicht.`, en: `There is no template "${key}".` },
    });
  }
  const definition = await pipelineOf(outside.db, modelOf(ctx, row.entity), record);
  const owner = ctx.snapshot.users.get(String(record['owner'] ?? ''));
  return (language: Language) =>
    composeMail(ctx, {
      template,
      data: {
        record,
        owner: owner === undefined ? undefined : { name: owner.name, email: owner.email },
        stage: { key: row.stage, label: definition.stages.get(row.stage)?.label[language] ?? row.stage },
        url: `${outside.publicUrl}/${row.entity}/${row.recordId}`,
      },
      language,
      mailFrom: outside.mailFrom,
    });
};
