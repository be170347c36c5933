import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { carryImport } from '../../activities/carry-import.ts';
import type { Context } from '../../commands/context.ts';
import { beginImport, failImport } from '../../commands/imports/carry.ts';
import { importContext } from '../../commands/imports/import-context.ts';
import { importModel } from '../../commands/imports/import-record.ts';
import { startImport } from '../../commands/imports/startImport.ts';
import { LeitwerkError } from '../../core/errors.ts';
import { isLeaseHeld } from '../../store/outbox.ts';
import type { RecordData } from '../../store/record-table.ts';
import { findRecord } from '../../store/records.ts';
import { createIdSource } from '../ids.ts';
import { positional, required, systemContext, usage, type Answer, type Call, type Command } from './command.ts';

const lookMs = 300;
/** So long a running system gets to take the import up. */
const patienceMs = 3_000;

const counters = ['read', 'created', 'updated', 'unchanged', 'duplicates', 'rejected'] as const;

const words: Readonly<Record<string, string>> = {
  preset: 'preset',
  source: 'source',
  entity: 'entity',
  sheet: 'sheet',
  encoding: 'encoding',
  delimiter: 'delimiter',
  decimal: 'decimal',
  header: 'header',
  'match-key': 'matchKey',
  'on-match': 'onMatch',
  processes: 'processes',
};

const isFile = async (path: string): Promise<boolean> =>
  await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** A file with mapping rows, or the key of a mapping. */
const mappingOf = async (call: Call): Promise<string> => {
  const given = call.option('mapping');
  if (given === undefined) return '';
  return (await isFile(given)) ? await readFile(given, 'utf8') : given;
};

const begin = async (call: Call, ctx: Context): Promise<string> => {
  const path = resolve(positional(call, 0, 'file'));
  if (call.option('preset') === undefined) required(call, 'source');
  if (!(await isFile(path))) throw usage(`${path} gibt es nicht.`, `${path} does not exist.`);
  const { blobs } = await call.foundation();
  const { name, size } = await blobs.putStream(createReadStream(path) as AsyncIterable<Uint8Array>);
  const given = Object.entries(words).map(([option, word]) => [word, call.option(option)] as const);
  const { id } = await startImport(ctx, {
    fileName: basename(path),
    blob: name,
    size,
    words: {
      ...Object.fromEntries(given),
      mapping: await mappingOf(call),
      dryRun: call.isOn('dry-run') ? 'true' : '',
    },
  });
  return id;
};

/** No worker runs: the import is carried here. Should one come up meanwhile, each row is still taken in once. */
const carryHere = async (call: Call, ctx: Context, id: string): Promise<void> => {
  const own = importContext({ ...ctx, newId: createIdSource() }, id);
  const { blobs } = await call.foundation();
  const task = await beginImport(own, id);
  if (task.kind !== 'import') return;
  try {
    await carryImport({ ...own, language: call.language }, { record: task.record, blobs });
  } catch (error) {
    if (!(error instanceof LeitwerkError) || error.isRetryable) throw error;
    await failImport(own, id, { code: error.code, message: error.text });
  }
};

const settle = async (call: Call, ctx: Context, id: string): Promise<RecordData> => {
  const since = Date.now();
  for (;;) {
    const record = (await findRecord(ctx.db, importModel(ctx), { tenantId: ctx.actor.tenantId, id })) ?? {};
    const { state } = record;
    if (state === 'done' || state === 'failed' || state === 'cancelled' || state === 'paused') return record;
    const isLeft = Date.now() - since > patienceMs && !(await isLeaseHeld(ctx.db, 'relay', ctx.now().toISOString()));
    if (isLeft) await carryHere(call, ctx, id);
    else await wait(lookMs);
  }
};

const present = (call: Call, record: RecordData): Answer => {
  const { id, fileName, state, error } = record;
  const counts = Object.fromEntries(counters.map((name) => [name, record[name] ?? 0]));
  const reason = (error as { message?: Readonly<Record<string, string>> } | null)?.message?.[call.language];
  const lines = [
    `${String(fileName)}: ${String(state)} (${String(id)})`,
    counters.map((name) => `${name} ${String(counts[name])}`).join(', '),
    ...(reason === undefined ? [] : [reason]),
    ...(Number(counts['rejected']) > 0 ? [`rejected rows: /api/v1/imports/${String(id)}/errors.csv`] : []),
  ];
  return {
    json: { id, fileName, state, ...counts, error: error ?? null, options: record['options'] ?? null },
    text: lines.join('\n'),
    exitCode: state === 'failed' ? 1 : 0,
  };
};

const importFile: Command = {
  name: 'import',
  text: 'Import a CSV, TSV or Excel (.xlsx) file; a running server takes its rows in, with --wait this command does where none runs',
  positionals: ['<file>'],
  options: {
    source: { value: 'KEY', text: 'source that the records come from; required without a preset' },
    preset: { value: 'KEY', text: 'recurring import: a mapping whose "file" says the rest' },
    entity: { value: 'NAME', text: 'what the rows become (default: lead)' },
    mapping: { value: 'FILE', text: 'mapping rows (YAML or JSON), or the key of a mapping' },
    sheet: { value: 'NAME', text: 'sheet of a spreadsheet (default: the first one that is shown)' },
    encoding: { value: 'NAME', text: 'utf-8, utf-16le, utf-16be, windows-1252 (default: found out)' },
    delimiter: { value: 'SIGN', text: '; , | or tab (default: found out)' },
    decimal: { value: 'SIGN', text: 'comma or point (default: found out)' },
    header: { value: 'YES|NO', text: 'whether the first row has names (default: found out)' },
    'match-key': { value: 'FIELD', text: 'field by which a record that is there already is found' },
    'on-match': { value: 'WHAT', text: 'skip, update or create (default: skip)' },
    processes: { value: 'WHEN', text: 'now, background or none (default: background for more than 1,000 rows)' },
    'dry-run': { text: 'only count what would be done' },
    wait: { text: 'wait until it is done' },
  },
  run: async (call) => {
    const ctx = await systemContext(call);
    const id = await begin(call, ctx);
    const record = call.isOn('wait')
      ? await settle(call, ctx, id)
      : ((await findRecord(ctx.db, importModel(ctx), { tenantId: ctx.actor.tenantId, id })) ?? {});
    return present(call, record);
  },
};

export const importCommands: readonly Command[] = [importFile];
