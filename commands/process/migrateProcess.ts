import { isDeepStrictEqual } from 'node:util';
import type { EntityModel } from '../../core/entity.ts';
import { issueOf, LeitwerkError, type Text } from '../../core/errors.ts';
import type { PipelineConfig } from '../../core/pipeline/config.ts';
import type { PipelineDefinition } from '../../core/pipeline/definition.ts';
import { isClosed } from '../../core/pipeline/run.ts';
import { readRevisions } from '../../store/config.ts';
import type { Queries } from '../../store/database.ts';
import type { RecordData } from '../../store/record-table.ts';
import { transact, type Context } from '../context.ts';
import { findPipeline, pipelineOf } from '../pipelineOf.ts';
import { readRecord } from '../readRecord.ts';
import { changeRecord, loadRecord, type Written } from '../record-write.ts';
import { addTimelineEntry, linksOf } from '../timeline.ts';

export interface Migration {
  readonly id: string;
  readonly revision: number;
  /** Stage of the old revision → stage of the new one, where the names differ. */
  readonly stageMap?: Readonly<Record<string, string>> | undefined;
}

export interface MigrationPreview {
  readonly from: number;
  readonly to: number;
  readonly stage: { readonly from: string; readonly to: string };
  /** Timers of the stage that appear, disappear and are set otherwise: those get their new times unless they have run out. */
  readonly timers: {
    readonly added: readonly Text[];
    readonly removed: readonly Text[];
    readonly changed: readonly Text[];
  };
  /** Plan steps that only the new revision has; they are not scheduled afterwards, because the stage is not entered again. */
  readonly planOnlyInNew: readonly Text[];
  /** Plan steps that are set otherwise in the new revision; those that are planned already keep their times. */
  readonly planChanged: readonly Text[];
}

interface Plan {
  readonly preview: MigrationPreview;
  readonly change: RecordData;
}

/** A timer or a step: what it is called, and everything else that it says. */
interface Part {
  readonly label: Text;
  readonly rest: unknown;
}

type Parts = ReadonlyMap<string, Part>;

/** Working time is the calendar's: with another one the same words mean other times. */
const timersOf = ({ stages, calendar }: PipelineDefinition, stage: string): Parts =>
  new Map(
    (stages.get(stage)?.timers ?? []).map(({ label, ...rest }) => [rest.key, { label, rest: { ...rest, calendar } }]),
  );

const stepsOf = ({ stages, calendar }: PipelineDefinition, stage: string): Parts =>
  new Map(
    (stages.get(stage)?.plan ?? []).map(({ title: label, note: _note, ...rest }) => [
      rest.key,
      { label, rest: { ...rest, calendar } },
    ]),
  );

const missing = (one: Parts, other: Parts): Text[] =>
  [...one].filter(([key]) => !other.has(key)).map(([, { label }]) => label);

/** In the words of the new revision. */
const changed = (before: Parts, after: Parts): Text[] =>
  [...after]
    .filter(([key, { rest }]) => before.has(key) && !isDeepStrictEqual(before.get(key)?.rest, rest))
    .map(([, { label }]) => label);

const noRevision = (ctx: Context, revision: number): LeitwerkError => {
  const text = { de: `Fassung ${revision} gibt es nicht.`, en: `There is no revision ${revision}.` };
  return new LeitwerkError('InvalidInput', {
    issues: [issueOf({ path: '/revision', code: 'choice' }, text, ctx.language)],
  });
};

/** One map may serve records of several revisions: what it names is a stage of one of them. */
const assertStages = async (
  db: Queries,
  ctx: Context,
  of: { record: RecordData; before: PipelineDefinition; stageMap: Readonly<Record<string, string>> },
): Promise<void> => {
  const others = Object.keys(of.stageMap).filter((stage) => !of.before.stages.has(stage));
  if (others.length === 0) return;
  const { tenantId, pipeline } = of.record;
  const name = { tenantId: String(tenantId), kind: 'pipelines', key: String(pipeline) };
  const stages = (await readRevisions(db, name)).flatMap(({ value }) => (value as PipelineConfig).stages);
  const unknown = others.filter((stage) => !stages.some(({ key }) => key === stage));
  if (unknown.length === 0) return;
  throw new LeitwerkError('InvalidInput', {
    issues: unknown.map((stage) => {
      const text = { de: `Eine Stufe „${stage}“ gibt es nicht.`, en: `There is no stage "${stage}".` };
      return issueOf({ path: `/stageMap/${stage}`, code: 'unknown' }, text, ctx.language);
    }),
  });
};

const planMigration = async (
  db: Queries,
  ctx: Context,
  wish: { model: EntityModel; record: RecordData; migration: Migration },
): Promise<Plan> => {
  const { model, record, migration } = wish;
  const before = await pipelineOf(db, model, record);
  const after = await findPipeline(db, model, { ...record, pipelineRevision: migration.revision });
  if (after === undefined) throw noRevision(ctx, migration.revision);
  await assertStages(db, ctx, { record, before, stageMap: migration.stageMap ?? {} });
  const from = String(record['stage']);
  const to = migration.stageMap?.[from] ?? from;
  if (!after.stages.has(to)) {
    const allowed = [...after.stages.keys()].join(', ');
    const message =
      ctx.language === 'de'
        ? `Fassung ${migration.revision} hat keine Stufe „${to}“. Bitte zuordnen: ${allowed}.`
        : `Revision ${migration.revision} has no stage "${to}". Please map it: ${allowed}.`;
    throw new LeitwerkError('InvalidInput', { issues: [{ path: `/stageMap/${from}`, code: 'choice', message }] });
  }
  const [timersBefore, timersAfter] = [timersOf(before, from), timersOf(after, to)];
  const isSameStage = from === to;
  const [stepsBefore, stepsAfter] = [stepsOf(before, from), stepsOf(after, to)];
  return {
    preview: {
      from: Number(record['pipelineRevision']),
      to: migration.revision,
      stage: { from, to },
      timers: {
        added: missing(timersAfter, timersBefore),
        removed: missing(timersBefore, timersAfter),
        changed: changed(timersBefore, timersAfter),
      },
      planOnlyInNew: isSameStage ? missing(stepsAfter, stepsBefore) : [],
      planChanged: isSameStage ? changed(stepsBefore, stepsAfter) : [],
    },
    change: {
      pipelineRevision: migration.revision,
      ...(isSameStage ? {} : { stage: to, stageSince: ctx.now().toISOString() }),
    },
  };
};

/** What a migration would do. Throws as `migrateProcess`. */
export async function previewMigration(
  ctx: Context,
  model: EntityModel,
  migration: Migration,
): Promise<MigrationPreview> {
  const record = await readRecord(ctx, model, migration.id);
  return (await planMigration(ctx.db, ctx, { model, record, migration })).preview;
}

/**
 * Lets a running process go on under another revision of its pipeline. Nothing does this by itself: a publish touches no running process.
 * @throws LeitwerkError `InvalidInput` for an unknown revision, a stage that does not exist there and is not mapped, or a mapped one that
 * does not exist at all, `Locked` for a closed record, `NotFound`, `Forbidden` without the right to configure.
 */
export async function migrateProcess(ctx: Context, model: EntityModel, migration: Migration): Promise<Written> {
  if (!ctx.ability.may('config', 'write')) throw new LeitwerkError('Forbidden');
  return await transact(ctx, async (tx) => {
    const record = await loadRecord(ctx, tx, { model, id: migration.id });
    if (isClosed(record)) throw new LeitwerkError('Locked', { facts: { state: record['state'] } });
    const { change, preview } = await planMigration(tx, ctx, { model, record, migration });
    const written = await changeRecord(ctx, tx, {
      model,
      id: migration.id,
      verb: 'move',
      act: 'migrate',
      change: () => change,
    });
    if (written.event > 0) {
      await addTimelineEntry(ctx, tx, {
        kind: 'migrated',
        facts: { from: preview.from, to: preview.to },
        links: linksOf(ctx, model.name, written.record),
      });
    }
    return written;
  });
}
