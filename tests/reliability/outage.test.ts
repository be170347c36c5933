import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { auditLedger, countRows } from '../support/ledger.ts';
import { createMariadbDatabase, isMariadbInstalled, startMariadb } from '../support/mariadb.ts';
import { isAlive, until } from '../support/processes.ts';
import { chooseSeed } from '../support/random.ts';
import { createSender, isAcknowledged, statusesOf, type Heard, type Item, type Sender } from '../support/sender.ts';
import { openStore, secretOf, type Store } from '../support/stores.ts';

const seed = chooseSeed();
const apiOnly = { args: ['--role', 'api'] } as const;

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const createPartner = async (store: Store): Promise<Sender> => {
  const sender = createSender({ source: 'kaltakquise', secret: await secretOf(store, 'kaltakquise'), seed });
  open.push(async () => await Promise.resolve(sender.close()));
  return sender;
};
const unacknowledged = (sender: Sender): Item[] => sender.items.filter((item) => !isAcknowledged(item));
const isPutOff = (heard: Heard): boolean =>
  heard !== 'lost' && heard.status === 503 && Number(heard.headers['retry-after']) > 0;
const readiness = async (url: string): Promise<number> => (await fetch(`${url}/health/ready`)).status;

it('R05: MariaDB killed under load puts posts off, says so on the health page, and the app goes on when it is back', async (context) => {
  if (!isMariadbInstalled()) context.skip('MariaDB is not installed (apt-get install mariadb-server)');
  const first = await startMariadb();
  open.push(first.stop);
  const store = await openStore('mariadb', { databaseUrl: await createMariadbDatabase(first.url) });
  open.push(store.clear);
  const sender = await createPartner(store);
  const app = await store.start(apiOnly);
  open.push(app.kill);

  const load = sender.deliver(app.url, sender.make(2_000), 20);
  await until('the load has begun', () => sender.items.filter(isAcknowledged).length > 50);
  process.kill(first.pid, 'SIGKILL');
  await until('MariaDB is gone', () => !isAlive(first.pid));
  expect(await readiness(app.url)).toBe(503);
  await load;
  const refused = unacknowledged(sender);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.flatMap((item) => item.heard).filter((heard) => !isPutOff(heard))).toEqual([]);

  const again = await startMariadb(first);
  open.push(again.stop);
  await until('the app is ready again', async () => (await readiness(app.url)) === 200);
  expect(await auditLedger(store, sender.items)).toEqual([]);
  await until('the rest is taken', async () => {
    await sender.deliver(app.url, unacknowledged(sender));
    return unacknowledged(sender).length === 0;
  });
  expect(await auditLedger(store, sender.items)).toEqual([]);
  expect(await countRows(store, 'lead')).toBe(2_000);
});

/** A file system of its own that is soon full; needs the right to mount one. */
const mountSmall = async (): Promise<string | undefined> => {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-small-'));
  open.push(async () => await rm(folder, { recursive: true, force: true }));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'leitwerk-test', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  open.push(async () => await Promise.resolve(execFileSync('umount', ['-l', folder])));
  return folder;
};

it('R11: a full disk puts posts off, loses nothing, and posts go on when there is room again', async (context) => {
  // Where nothing can be mounted, the failpoint `commit:ENOSPC` in intake.test.ts shows the same of our own code.
  const folder = (await mountSmall()) ?? context.skip('no right to mount a small file system');
  const store = await openStore('sqlite', { folder: join(folder, 'data') });
  open.push(store.clear);
  const sender = await createPartner(store);
  const app = await store.start(apiOnly);
  open.push(app.kill);
  await sender.deliver(app.url, sender.make(50));
  const filler = join(folder, 'filler');
  expect(() => writeFileSync(filler, Buffer.alloc(64 * 1024 * 1024))).toThrow('ENOSPC');
  await until('the disk is full', async () => {
    await sender.deliver(app.url, sender.make(50));
    return unacknowledged(sender).length > 0;
  });
  expect(statusesOf(sender.items).filter((status) => status !== 202 && status !== 503)).toEqual([]);
  expect(
    unacknowledged(sender)
      .flatMap((item) => item.heard)
      .every(isPutOff),
  ).toBe(true);
  expect(await countRows(store, 'lead')).toBe(sender.items.filter(isAcknowledged).length);

  rmSync(filler);
  await sender.deliver(app.url, unacknowledged(sender));
  expect(unacknowledged(sender)).toEqual([]);
  expect(await auditLedger(store, sender.items)).toEqual([]);
});
