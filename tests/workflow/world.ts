import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { stringify } from 'yaml';
import { processContext, type WorkerStore } from '../../activities/context.ts';
import { newUserRow } from '../../commands/accounts/createUser.ts';
import { modelOf, type Context } from '../../commands/context.ts';
import { createRecord } from '../../commands/createRecord.ts';
import { advanceProcess } from '../../commands/process/advanceProcess.ts';
import type { ProcessRequest } from '../../commands/process/release.ts';
import type { ProcessStep } from '../../commands/process/step.ts';
import { systemActor } from '../../core/actor.ts';
import { createAbility } from '../../core/permissions.ts';
import type { PipelineConfig } from '../../core/pipeline/config.ts';
import { insertUser, type User } from '../../store/accounts-users.ts';
import { publishRevision } from '../../store/config.ts';
import type { Database, Row } from '../../store/database.ts';
import { idempotencyTable } from '../../store/idempotency.ts';
import { openMysql } from '../../store/mysql.ts';
import { counterTable } from '../../store/numbers.ts';
import { readProcess, type ProcessKey, type ProcessRow } from '../../store/processes.ts';
import { processTables } from '../../store/process-tables.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { secretTable } from '../../store/secrets.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { migrate } from '../../store/tables.ts';
import { configContext, shipConfiguration } from '../support/configuration.ts';

/** A real database with the shipped configuration, two sales people, and a clock that the test sets. */
export interface ProcessWorld extends WorkerStore {
  /** Monday, 23.11.2026, 10:00 in Berlin, until the test moves it; undefined = the real clock. */
  time: string | undefined;
  readonly users: readonly [User, User];
  /** A person at work. */
  person(): Context;
  publish(pipeline: PipelineConfig): Promise<number>;
  addLead(input?: RecordData): Promise<ProcessKey>;
  lead(key: ProcessKey): Promise<RecordData>;
  process(key: ProcessKey): Promise<ProcessRow | undefined>;
  step(key: ProcessKey, request?: ProcessRequest): Promise<ProcessStep>;
  rows(sql: string, params?: readonly string[]): Promise<Row[]>;
  close(): Promise<void>;
}

const monday = '2026-11-23T09:00:00.000Z';

const addSales = async (db: Database, name: string): Promise<User> => {
  const row = newUserRow({ now: () => new Date(monday), newId: uuidv7 }, 'main', {
    email: `${name.toLowerCase()}@example.org`,
    name,
    role: 'sales',
  });
  await db.write(async (tx) => await insertUser(tx, row));
  return row;
};

/** On a SQLite file of its own, or on the empty MySQL database at `url`. */
export async function createProcessWorld(url?: string): Promise<ProcessWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'leitwerk-process-'));
  const db = url === undefined ? openSqlite(join(folder, 'test.sqlite')) : await openMysql(url);
  const registry = await shipConfiguration(db);
  await migrate(db, [...processTables, counterTable, idempotencyTable, secretTable]);
  const users = [await addSales(db, 'Anna'), await addSales(db, 'Bert')] as const;
  await registry.refresh();
  const now = (): Date => new Date(world.time ?? Date.now());
  const lead = async (key: ProcessKey): Promise<RecordData> =>
    (await findRecord(db, modelOf(world.person(), 'lead'), {
      tenantId: key.tenantId,
      id: key.recordId,
      isDeletedToo: true,
    })) ?? {};
  const world: ProcessWorld = {
    db,
    registry,
    now,
    newId: uuidv7,
    time: monday,
    users,
    person: () => {
      const snapshot = registry.snapshot('main');
      const actor = { ...systemActor('main'), kind: 'user' as const, id: users[0].id };
      const role = { key: 'superadmin', label: { de: 'x', en: 'x' }, can: [{ do: ['*'], on: '*' }], may: ['*'] };
      return {
        db,
        snapshot,
        actor,
        ability: createAbility(role, actor, { models: snapshot.models, now: now() }),
        language: 'de',
        now,
        newId: uuidv7,
      };
    },
    publish: async (pipeline) => {
      const { actor } = configContext(db);
      const input = {
        tenantId: 'main',
        kind: 'pipelines',
        key: pipeline.key,
        yaml: stringify(pipeline),
        value: pipeline,
        author: actor.id,
        at: now().toISOString(),
      };
      const { revision } = await db.write(async (tx) => await publishRevision(tx, input));
      await registry.refresh();
      return revision;
    },
    addLead: async (input = {}) => {
      const { record } = await createRecord(world.person(), modelOf(world.person(), 'lead'), {
        title: 'Anfrage',
        email: 'kunde@example.org',
        ...input,
      });
      return { tenantId: 'main', entity: 'lead', recordId: String(record['id']) };
    },
    lead,
    process: async (key) => await readProcess(db, key),
    step: async (key, request) => await advanceProcess(processContext(world, key), key, request),
    rows: async (sql, params = []) => await db.all(sql, params),
    close: async () => {
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}
