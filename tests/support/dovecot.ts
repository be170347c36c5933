import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spawnGuarded, type GuardedProcess } from '../../bin/guard.ts';
import { findFreePort } from '../../bin/temporal/ports.ts';
import { findDescendants, isAlive, until } from './processes.ts';

const run = promisify(execFile);

/** Where Dovecot is, if it is. */
export const dovecotProgram = (): string | undefined =>
  ['/usr/sbin/dovecot', '/usr/local/sbin/dovecot', '/opt/homebrew/sbin/dovecot'].find((path) => existsSync(path));

export interface ImapServer {
  /** STARTTLS only. */
  readonly port: number;
  /** TLS from the first byte. */
  readonly tlsPort: number;
  /** Its own authority (PEM). */
  readonly certificates: string;
  /** Of every user. */
  readonly password: string;
  /** A mail arrives in the inbox of a user, as a mail server delivers it; `seen`: somebody has read it already; `at`: when it came. */
  readonly deliver: (user: string, raw: Uint8Array | string, seen?: 'seen', at?: Date) => Promise<void>;
  /** Names and flags of the mails in a folder, as they lie on the disk (`…:2,S` is seen). */
  readonly filesIn: (user: string, folder: string) => Promise<string[]>;
  /** The server loses its numbering of the inbox: it numbers anew, under another UIDVALIDITY. */
  readonly renumber: (user: string) => Promise<void>;
  /** Ends it and starts it again on the same ports. */
  readonly restart: (during?: () => Promise<void>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly tlsPort: number;
  /** Where access tokens are checked. */
  readonly tokenInfoUrl: string | undefined;
}

const password = 'geheim-im-test';

/** Dovecot refuses to serve mail as root. */
const account = (): { readonly name: string; readonly uid: number; readonly gid: number } => {
  const { username, uid, gid } = userInfo();
  if (uid !== 0) return { name: username, uid, gid };
  const [, name = 'mail', , owner, group] =
    /^(mail):([^:]*):(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return { name, uid: Number(owner), gid: Number(group) };
};

const configuration = ({ folder, port, tlsPort, tokenInfoUrl }: Place): string => {
  const { name, uid, gid } = account();
  const isRoot = userInfo().uid === 0;
  const internal = isRoot
    ? ''
    : `default_internal_user = ${name}\ndefault_internal_group = ${gid}\ndefault_login_user = ${name}\n`;
  const oauth =
    tokenInfoUrl === undefined
      ? ''
      : `passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = ${folder}/oauth2.conf\n}\n`;
  return `
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/log
protocols = imap
listen = 127.0.0.1
${internal}
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login ${tokenInfoUrl === undefined ? '' : 'xoauth2 oauthbearer'}
auth_failure_delay = 0
mail_location = maildir:${folder}/mail/%u
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  mechanisms = plain login
  args = password=${password}
}
${oauth}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${folder}/home/%u
}
namespace inbox {
  inbox = yes
  separator = /
}
service anvil {
  chroot =
  # Wrong passwords are part of the tests: nobody waits for them.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = ${tlsPort}
    ssl = yes
  }
}
`;
};

const isListening = async (port: number): Promise<boolean> =>
  await new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });

const start = async (place: Place): Promise<GuardedProcess> => {
  const child = spawnGuarded(dovecotProgram() ?? '', ['-F', '-c', join(place.folder, 'dovecot.conf')]);
  const failed = child.exited.then(({ output }) => {
    throw new Error(`Dovecot did not start: ${output} ${readFileSync(join(place.folder, 'log'), 'utf8')}`);
  });
  await Promise.race([until('Dovecot answers', async () => await isListening(place.port)), failed]);
  return child;
};

const prepare = async (place: Place): Promise<void> => {
  const { folder, tokenInfoUrl } = place;
  const { uid, gid } = account();
  for (const name of ['run', 'mail', 'home']) await mkdir(join(folder, name));
  await chmod(folder, 0o755);
  if (userInfo().uid === 0) for (const name of ['mail', 'home']) await chown(join(folder, name), uid, gid);
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files]);
  await writeFile(join(folder, 'dovecot.conf'), configuration(place));
  if (tokenInfoUrl !== undefined)
    await writeFile(join(folder, 'oauth2.conf'), `tokeninfo_url = ${tokenInfoUrl}\nusername_attribute = username\n`);
};

/** Starts a Dovecot of its own on free ports; it ends with this process, whatever way. Every user exists. */
export async function startDovecot(tokenInfoUrl?: string): Promise<ImapServer> {
  const folder = await mkdtemp(join(tmpdir(), 'leitwerk-dovecot-'));
  const place: Place = { folder, port: await findFreePort(), tlsPort: await findFreePort(), tokenInfoUrl };
  await prepare(place);
  let child = await start(place);
  const { uid, gid } = account();
  const own = async (path: string): Promise<void> => {
    if (userInfo().uid === 0) await chown(path, uid, gid);
  };
  const maildir = async (user: string): Promise<string> => {
    const root = join(folder, 'mail', user);
    for (const path of [root, ...['new', 'cur', 'tmp'].map((name) => join(root, name))]) {
      if (existsSync(path)) continue;
      await mkdir(path);
      await own(path);
    }
    return root;
  };
  const end = async (): Promise<void> => {
    // Sessions go on for a while without their master: the server as a whole is meant to be away.
    const sessions = findDescendants((await child.pid) ?? 0);
    child.end();
    await child.exited;
    for (const { pid } of sessions.filter((one) => isAlive(one.pid))) process.kill(pid, 'SIGKILL');
  };
  let count = 0;
  return {
    port: place.port,
    tlsPort: place.tlsPort,
    certificates: readFileSync(join(folder, 'cert.pem'), 'utf8'),
    password,
    deliver: async (user, raw, seen, at) => {
      count += 1;
      const root = await maildir(user);
      const name = `${Date.now()}.${String(count).padStart(6, '0')}.test`;
      await writeFile(join(root, 'tmp', name), raw);
      await own(join(root, 'tmp', name));
      if (at !== undefined) await utimes(join(root, 'tmp', name), at, at);
      await rename(
        join(root, 'tmp', name),
        seen === undefined ? join(root, 'new', name) : join(root, 'cur', `${name}:2,S`),
      );
    },
    filesIn: async (user, name) => {
      const root = join(folder, 'mail', user, name === 'INBOX' ? '' : `.${name}`);
      const lists = await Promise.all(
        ['new', 'cur'].map(async (part) => await readdir(join(root, part)).catch(() => [])),
      );
      return lists.flat().toSorted();
    },
    renumber: async (user) => {
      const root = await maildir(user);
      const names = (await readdir(root)).filter((name) => name.startsWith('dovecot'));
      const list = join(root, 'dovecot-uidlist');
      const validity = Number(/ V(\d+)/.exec(readFileSync(list, 'utf8'))?.[1]);
      for (const name of names) await rm(join(root, name));
      await writeFile(list, `3 V${validity + 1_000} N1\n`);
      await own(list);
    },
    restart: async (during) => {
      await end();
      await during?.();
      child = await start(place);
    },
    stop: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
