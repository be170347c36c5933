import type { Text } from '../core/errors.ts';
import { createSlots, judgeSource, watchRules, type Finding } from '../core/source-watch.ts';
import type { Tx } from '../store/database.ts';
import { insertNotice } from '../store/notices.ts';
import {
  endAlert,
  insertAlert,
  readOpenAlerts,
  readSourceHistories,
  type SourceAlert,
} from '../store/source-alerts.ts';
import { companyOf } from './company.ts';
import type { Context } from './context.ts';
import { calendarOf } from './process/calendarOf.ts';
import { settingUsers } from './settingUsers.ts';
import type { Source } from './source.ts';

/** Habits are read from the last four weeks: each weekday four times. */
const historyMs = 28 * 24 * 3_600_000;
const none = { hours: [], lastAt: null };

/** An alert in a sentence. */
export function alertText(source: Pick<Source, 'label'>, finding: Finding): Text {
  const { label } = source;
  if (finding.kind === 'silence')
    return {
      de: `Von „${label.de}“ kommt nichts mehr: sonst wären seither etwa ${finding.expected} Nachrichten gekommen.`,
      en: `Nothing comes from "${label.en}" any more: usually about ${finding.expected} messages would have come by now.`,
    };
  const { errors, count, usualPercent } = finding;
  return {
    de: `Bei „${label.de}“ waren ${errors} der letzten ${count} Nachrichten fehlerhaft (sonst ${usualPercent} %).`,
    en: `${errors} of the last ${count} messages of "${label.en}" were faulty (usually ${usualPercent} %).`,
  };
}

const tell = async (ctx: Context, tx: Tx, of: { source: Source; finding: Finding }): Promise<void> => {
  const { source, finding } = of;
  const users = settingUsers(ctx);
  const at = ctx.now().toISOString();
  const { tenantId } = ctx.actor;
  const mails = users.map(({ email, language }) => ({ address: email, language }));
  const { kind, since } = finding;
  await insertAlert(tx, {
    id: ctx.newId(),
    tenantId,
    source: source.key,
    kind,
    since,
    openedAt: at,
    finding,
    mails,
  });
  const text = alertText(source, finding);
  for (const user of users)
    await insertNotice(tx, {
      id: ctx.newId(),
      tenantId,
      userId: user.id,
      at,
      entity: 'source',
      recordId: source.key,
      text,
    });
};

/**
 * Looks whether a source that usually delivers has fallen silent or delivers faults, tells those who may change sources, once, and ends what has
 * recovered. Whoever calls it holds a lease: two at once would tell twice. Answers the alerts that are open then.
 */
export async function watchSources(ctx: Context): Promise<readonly SourceAlert[]> {
  const { tenantId } = ctx.actor;
  const now = ctx.now();
  const calendar = calendarOf(ctx, companyOf(ctx.snapshot)?.calendar ?? 'standard');
  const slotOf = createSlots(calendar);
  const since = new Date(now.getTime() - historyMs).toISOString();
  const histories = await readSourceHistories(ctx.db.scans, { tenantId, since });
  const open = await readOpenAlerts(ctx.db, tenantId);
  const sources = new Map(
    [...ctx.snapshot.config('sources').values()]
      .map(({ value }) => value as Source)
      .filter((source) => source.isActive !== false)
      .map((source) => [source.key, source]),
  );
  const begun: { source: Source; finding: Finding }[] = [];
  const ended = open.filter((alert) => !sources.has(alert.source)).map(({ id }) => id);
  for (const source of sources.values()) {
    const own = open.filter((alert) => alert.source === source.key);
    const history = histories.get(source.key) ?? none;
    const judged = judgeSource({ history, rules: watchRules(source.alerts), slotOf, now }, own);
    ended.push(...own.filter(({ kind }) => judged.ended.includes(kind)).map(({ id }) => id));
    begun.push(...judged.begun.map((finding) => ({ source, finding })));
  }
  if (begun.length + ended.length === 0) return open;
  await ctx.db.write(async (tx) => {
    for (const id of ended) await endAlert(tx, id, now.toISOString());
    for (const one of begun) await tell(ctx, tx, one);
  });
  return await readOpenAlerts(ctx.db, tenantId);
}
