import type { EntityModel } from '../../core/entity.ts';
import { tableName } from '../../store/record-table.ts';
import type { Row } from '../../store/database.ts';
import { isAcknowledged, type Item } from './sender.ts';
import type { Store } from './stores.ts';

/** One thing that does not hold, in words. */
type Finding = string;

interface Books {
  readonly messages: readonly Row[];
  readonly leads: readonly Row[];
  readonly events: readonly Row[];
}

/**
 * The oracle of `reliability-security.md`: compares what a sender was told with what the database holds.
 * I1 every acknowledged item exists, I2 no dedupe key twice, I3 one lead an item, I6 integrity, I7 the audit log has the chain.
 * I4 (outbox empty) and the workflows of I3 need Temporal: `findUnrelayed`, `findLostWorkflows`.
 * Answers what does not hold; nothing means that all does.
 */
export async function auditLedger(store: Store, items: readonly Item[]): Promise<Finding[]> {
  const { db } = store.foundation;
  const all = async (sql: string): Promise<Row[]> => await db.all(sql);
  const books: Books = {
    messages: await all("SELECT * FROM `intake_message` WHERE `tenantId` = 'main'"),
    leads: await all("SELECT * FROM `lead` WHERE `tenantId` = 'main'"),
    events: await all("SELECT * FROM `event` WHERE `tenantId` = 'main' ORDER BY `seq`"),
  };
  return [
    ...items.filter(isAcknowledged).flatMap((item) => findLost(item, books)),
    ...findDoubles(books),
    ...findHalves(books),
    ...books.leads.flatMap((lead) => findBrokenChain(lead, books)),
    ...(await findDamage(store)),
  ];
}

/** I1: what the sender was told is what is stored. */
function findLost(item: Item, { messages, leads }: Books): Finding[] {
  const lead = leads.filter((row) => row['externalId'] === item.externalId);
  if (lead.length !== 1) return [`I1: ${item.externalId} was acknowledged and has ${lead.length} leads`];
  return item.heard.flatMap((heard) => {
    if (heard === 'lost' || heard.status >= 300) return [];
    const message = messages.find((row) => row['id'] === heard.body['id']);
    if (message?.['state'] !== 'accepted')
      return [`I1: the message ${String(heard.body['id'])} of ${item.externalId} is not there`];
    if (heard.body['lead'] !== lead[0]?.['id']) return [`I1: ${item.externalId} was answered with another lead`];
    return message['lead'] === heard.body['lead'] ? [] : [`I1: the message of ${item.externalId} names another lead`];
  });
}

/** I2, and the first half of I3. */
function findDoubles({ messages, leads }: Books): Finding[] {
  const keyed = messages
    .filter((row) => row['dedupeKey'] !== null)
    .map((row) => `${String(row['source'])} ${String(row['dedupeKey'])}`);
  const external = leads
    .filter((row) => row['externalId'] !== null)
    .map((row) => `${String(row['source'])} ${String(row['externalId'])}`);
  return [
    ...repeated(keyed).map((key) => `I2: the dedupe key ${key} is there twice`),
    ...repeated(external).map((key) => `I3: there are two leads for ${key}`),
  ];
}

const repeated = (values: readonly string[]): string[] => {
  const seen = new Set<string>();
  return values.filter((value) => seen.has(value) || !seen.add(value));
};

/** Nothing is half-written: a message has its lead, and a lead that came in has its message. */
function findHalves({ messages, leads }: Books): Finding[] {
  const ids = new Set(leads.map((row) => row['id']));
  const accepted = messages.filter((row) => row['state'] === 'accepted');
  const messageIds = new Set(accepted.map((row) => row['id']));
  return [
    ...accepted
      .filter((row) => !ids.has(row['lead'] ?? null))
      .map((row) => `I3: the accepted message ${String(row['id'])} has no lead`),
    ...leads
      .filter((row) => row['intakeMessage'] !== null && !messageIds.has(row['intakeMessage'] ?? null))
      .map((row) => `I3: the lead ${String(row['id'])} has no message`),
  ];
}

/** I7: one creation, versions without a gap, every change beginning where the one before ended, the last one as the row is. */
function findBrokenChain(lead: Row, { events }: Books): Finding[] {
  // An act that leaves the row as it is, such as asking its process to go on, is logged without changes.
  const own = events.filter(
    (event) =>
      event['entity'] === 'lead' &&
      event['recordId'] === lead['id'] &&
      (event['changes'] !== null || event['act'] === 'lead.create'),
  );
  const findings: Finding[] = [];
  const name = `I7: the lead ${String(lead['id'])}`;
  const versions = own.map((event) => Number(event['version']));
  const wanted = Array.from({ length: Number(lead['version']) }, (_, index) => index + 1);
  if (versions.join() !== wanted.join())
    findings.push(`${name} has the versions ${versions.join()} in the audit log, and is at ${String(lead['version'])}`);
  if (own.filter((event) => event['act'] === 'lead.create').length !== 1)
    findings.push(`${name} was not created exactly once`);
  const last = new Map<string, unknown>();
  for (const event of own) {
    const changes = JSON.parse(String(event['changes'] ?? '{}')) as Record<string, [unknown, unknown]>;
    for (const [field, [before, after]] of Object.entries(changes)) {
      if (last.has(field) && JSON.stringify(last.get(field)) !== JSON.stringify(before))
        findings.push(`${name}: the chain of ${field} breaks at event ${String(event['seq'])}`);
      last.set(field, after);
    }
  }
  for (const field of ['stage', 'state', 'owner']) {
    if (last.has(field) && (last.get(field) ?? null) !== (lead[field] ?? null))
      findings.push(`${name}: ${field} is not what the audit log says`);
  }
  return findings;
}

/** I6: the file is sound and every reference names a row of the same tenant. */
async function findDamage({ foundation, dialect }: Store): Promise<Finding[]> {
  const { db, registry } = foundation;
  const findings: Finding[] = [];
  if (dialect === 'sqlite') {
    const integrity = await db.all<{ integrity_check: string }>('PRAGMA integrity_check');
    findings.push(
      ...integrity.filter((row) => row.integrity_check !== 'ok').map((row) => `I6: ${row.integrity_check}`),
    );
    findings.push(...(await db.all('PRAGMA foreign_key_check')).map((row) => `I6: foreign key ${JSON.stringify(row)}`));
  }
  for (const model of registry.snapshot('main').models.values()) {
    if (dialect === 'mariadb') {
      const checked = await db.all<{ Msg_text: string }>(`CHECK TABLE \`${tableName(model.name)}\``);
      findings.push(
        ...checked.filter((row) => row.Msg_text !== 'OK').map((row) => `I6: ${model.name}: ${row.Msg_text}`),
      );
    }
    findings.push(...(await findOrphans(db, model)));
  }
  return findings;
}

async function findOrphans(db: Store['foundation']['db'], model: EntityModel): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const field of model.fields.values()) {
    if (field.target === undefined) continue;
    const sql = `SELECT COUNT(*) AS \`n\` FROM \`${tableName(model.name)}\` r LEFT JOIN \`${tableName(field.target)}\` t ON t.\`id\` = r.\`${field.name}\` AND t.\`tenantId\` = r.\`tenantId\` WHERE r.\`${field.name}\` IS NOT NULL AND t.\`id\` IS NULL`;
    const row = await db.get<{ n: number }>(sql);
    if (Number(row?.n) > 0) findings.push(`I6: ${model.name}.${field.name} names ${row?.n} records that are not there`);
  }
  return findings;
}

/** I4: what the relay still owes Temporal. */
export async function findUnrelayed(store: Store): Promise<Finding[]> {
  const rows = await store.foundation.db.all('SELECT `seq`, `act`, `wakes` FROM `event` WHERE `lane` IS NOT NULL');
  return rows.map((row) => `I4: event ${String(row['seq'])} ${String(row['act'])} waits for ${String(row['wakes'])}`);
}

/** How many rows a table of the store has. */
export async function countRows(store: Store, table: string, where = '1 = 1'): Promise<number> {
  const row = await store.foundation.db.get<{ n: number }>(`SELECT COUNT(*) AS \`n\` FROM \`${table}\` WHERE ${where}`);
  return Number(row?.n ?? 0);
}
