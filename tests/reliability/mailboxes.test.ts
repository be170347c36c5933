import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createConnection } from '../../commands/connections/changeConnection.ts';
import { connectorKindOf } from '../../connectors/registry.ts';
import type { App } from '../support/app.ts';
import { startDovecot } from '../support/dovecot.ts';
import { countRows } from '../support/ledger.ts';
import { isAlive, until } from '../support/processes.ts';
import { need } from '../support/provided.ts';
import { buildMail } from '../support/smtp.ts';
import { createStore, dialects } from '../support/stores.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const user = 'leads@firma.example';
const longText = 'Zeile mit siebzig Zeichen, damit die Mail in eine Datei muss und nicht.\n'.repeat(1_200);

/** Temporal is away: mailboxes are read without it. */
const withoutTemporal = { temporalAddress: '127.0.0.1:9' } as const;

/** S2, S3: its file; commit, S4: its row and the position; S5: stored, but the mailbox does not know. */
const stages = ['S2', 'S3', 'commit', 'S4', 'S5'] as const;
const each = 12;

/** Every other mail is too large for its row, every third says no Message-ID. */
const mailOf = (stage: string, index: number): string =>
  buildMail({
    subject: `Anfrage ${stage} ${index}`,
    ...(index % 3 === 0 ? {} : { id: `${stage}-${index}@kunde.example` }),
    ...(index % 2 === 0 ? {} : { text: longText }),
  });

it.for(dialects)(
  'R01: a mailbox on %s loses and doubles nothing when kill -9 of the worker comes, wherever it comes',
  async (dialect, context) => {
    need(context, 'dovecotPath');
    const imap = await startDovecot();
    open.push(imap.stop);
    const folder = await mkdtemp(join(tmpdir(), 'leitwerk-ca-'));
    open.push(async () => await rm(folder, { recursive: true }));
    const authority = join(folder, 'ca.pem');
    await writeFile(authority, imap.certificates);
    const store = await createStore(context, dialect);
    open.push(store.clear);
    await createConnection(store.asSystem(), store.foundation.secrets, {
      kind: connectorKindOf('imap'),
      id: 'post',
      name: 'Post',
      settings: { host: 'localhost', port: imap.tlsPort, user },
      credentials: { password: imap.password },
    });
    const env = { NODE_EXTRA_CA_CERTS: authority, ALLOW_PRIVATE_ADDRESSES: '1' };
    const start = async (failpoint: Readonly<Record<string, string>> = {}): Promise<App> => {
      const app = await store.start({ ...withoutTemporal, env: { ...env, ...failpoint } });
      open.push(app.kill);
      return app;
    };
    const expected: string[] = [];
    for (const stage of stages) {
      for (let index = 0; index < each; index += 1) {
        await imap.deliver(user, mailOf(stage, index));
        expected.push(`Anfrage ${stage} ${index}`);
      }
      // Each takes over what the death before has left; the next worker would break at the same place.
      const doomed = await start({ FAILPOINT: `${stage}:kill:4` });
      const worker = await doomed.workerPid();
      await until(`a death at ${stage}`, () => !isAlive(worker));
      await doomed.kill();
    }
    const last = await start();
    await until(
      'all are filed',
      async () => (await countRows(store, 'lead')) >= expected.length && (await countRows(store, 'mail_job')) === 0,
      60_000,
    );
    await until('all are seen', async () => (await imap.filesIn(user, 'INBOX')).every((name) => name.endsWith('S')));
    const titles = await store.foundation.db.all<{ title: string }>('SELECT `title` FROM `lead`');
    expect(titles.map(({ title }) => title).toSorted()).toEqual(expected.toSorted());
    expect(await countRows(store, 'intake_message')).toBe(expected.length);
    expect(await last.stop()).toBe(0);
  },
);
