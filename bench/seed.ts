import Sqlite from 'better-sqlite3';
import { v7 as uuidv7 } from 'uuid';
import type { App } from './app.ts';
import { intakeTarget } from './intake.ts';

const stages = ['neu', 'neu', 'kontaktversuch', 'in-klaerung', 'erledigt'];
const sources = ['facebook', 'webformular', 'lead-agentur', 'csv-datei', 'kaltakquise'];
const priorities = ['niedrig', 'normal', 'normal', 'hoch', 'dringend'];
const lastNames = ['Schmidt', 'Müller', 'Yılmaz', 'Nguyen', 'Weber', 'Wagner', 'Kowalski', 'Özdemir'];
const owners = Array.from({ length: 12 }, (_, index) => `0190a000-0000-7000-8000-00000000000${index.toString(16)}`);

/** The same sequence in every run. */
const createRandom = (): (() => number) => {
  let state = 20_260_302;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** Copies the one lead that is in the database until there are `count`, each another in stage, source, owner, budget, names and time. */
function seedLeads(file: string, count: number): void {
  const db = new Sqlite(file);
  const pattern = db.prepare('SELECT * FROM lead LIMIT 1').get() as Record<string, unknown>;
  const columns = Object.keys(pattern);
  const insert = db.prepare(
    `INSERT INTO lead (${columns.map((name) => `"${name}"`).join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`,
  );
  const random = createRandom();
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const startMs = Date.UTC(2026, 0, 1);
  db.transaction(() => {
    for (let index = 1; index < count; index += 1) {
      const at = new Date(startMs + index * 60_000).toISOString();
      const lastName = pick(lastNames);
      insert.run({
        ...pattern,
        id: uuidv7({ msecs: startMs + index * 60_000 }),
        createdAt: at,
        updatedAt: at,
        stageSince: at,
        stage: pick(stages),
        source: pick(sources),
        priority: pick(priorities),
        owner: random() < 0.3 ? null : pick(owners),
        state: random() < 0.8 ? 'open' : 'archived',
        budget: random() < 0.4 ? null : Math.floor(random() * 20_000) * 10_000,
        score: Math.floor(random() * 100),
        lastName,
        company: `${lastName ?? ''} ${pick(['GmbH', 'AG', 'KG', 'e. K.']) ?? ''} ${index}`,
        title: `${lastName ?? ''} ${index}`,
        email: `kontakt@firma-${index}.example`,
        externalId: `seed-${index}`,
      });
    }
  })();
  db.close();
}

/** Fills the app's database, which does not run meanwhile: one lead through the intake, the others copied from it. */
export async function seedApp(app: App, count: number): Promise<void> {
  const server = await app.start('api');
  const target = await intakeTarget(app, server);
  const answer = await fetch(target.url, {
    method: 'POST',
    body: target.body.replace('[<id>]', 'seed-0'),
    headers: { ...target.headers, 'content-type': 'application/json' },
  });
  if (answer.status !== 202)
    throw new Error(`the first lead was answered with ${answer.status}: ${await answer.text()}`);
  await server.stop();
  seedLeads(app.database, count);
}
