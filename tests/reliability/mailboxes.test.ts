import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createConnection } from '../../commands/connections/changeConnection.ts';
import { connectorKindOf } from '../../connectors/registry.ts';
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

describe.each(dialects)('a mailbox on %s', (dialect) => {
  // S2, S3: its file; commit, S4: its row and the position; S5: stored, but the mailbox does not know.
  it.for(['S2', 'S3', 'commit', 'S4', 'S5'])(
    'R01: loses and doubles nothing when kill -9 of the worker comes at %s',
    async (stage, context) => {
      need(context, 'dovecotPath');
      const imap = await startDovecot();
      open.push(imap.stop);
      const folder = await mkdtemp(join(tmpdir(), 'leitwerk-ca-'));
      open.push(async () => await rm(folder, { recursive: true }));
      const authority = join(folder, 'ca.pem');
      await writeFile(authority, imap.certificates);
      const store = await createStore(context, dialect);
      open.push(store.clear);
      const count = 12;
      // Every other mail is too large for its row, every third says no Message-ID.
      for (let index = 0; index < count; index += 1)
        await imap.deliver(
          user,
          buildMail({
            subject: `Anfrage ${index}`,
            ...(index % 3 === 0 ? {} : { id: `item${index}@kunde.example` }),
            ...(index % 2 === 0 ? {} : { text: longText }),
          }),
        );
      await createConnection(store.asSystem(), store.foundation.secrets, {
        kind: connectorKindOf('imap'),
        id: 'post',
        name: 'Post',
        settings: { host: 'localhost', port: imap.tlsPort, user },
        credentials: { password: imap.password },
      });
      const env = { NODE_EXTRA_CA_CERTS: authority, ALLOW_PRIVATE_ADDRESSES: '1' };
      const app = await store.start({ ...withoutTemporal, env: { ...env, FAILPOINT: `${stage}:kill:4` } });
      open.push(app.kill);
      const first = await app.workerPid();
      await until('the worker is gone', () => (isAlive(first) ? undefined : true));
      // The next worker would break at the same place.
      await app.kill();
      const again = await store.start({ ...withoutTemporal, env });
      open.push(again.kill);
      await until(
        'all are filed',
        async () => {
          const [leads, jobs] = [await countRows(store, 'lead'), await countRows(store, 'mail_job')];
          return leads >= count && jobs === 0 ? true : undefined;
        },
        60_000,
      );
      await until('all are seen', async () => (await imap.filesIn(user, 'INBOX')).every((name) => name.endsWith('S')));
      const titles = await store.foundation.db.all<{ title: string }>('SELECT `title` FROM `lead`');
      const expected = Array.from({ length: count }, (_, index) => `Anfrage ${index}`);
      expect(titles.map(({ title }) => title).toSorted()).toEqual(expected.toSorted());
      expect(await countRows(store, 'intake_message')).toBe(count);
      expect(await again.stop()).toBe(0);
    },
  );
});
