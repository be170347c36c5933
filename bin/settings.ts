import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LeitwerkError, messageOf, type Language } from '../core/errors.ts';
import { assertDecodable } from './database-url.ts';

/** What a process does: everything in one place, or one part of it. */
export const roles = ['all', 'api', 'smtp', 'relay', 'worker'] as const;
export type Role = (typeof roles)[number];

export interface TemporalSettings {
  /** `host:port` of a server that is already there; absent = we run the dev server ourselves. */
  readonly address: string | undefined;
  /** The address is that of our own dev server: the app says so to its worker. */
  readonly isOurs: boolean;
  readonly namespace: string;
  readonly apiKey: string | undefined;
  readonly tls: TlsSettings | undefined;
  /** Address of the UI of a server that is already there; our own dev server has its own. */
  readonly uiUrl: string | undefined;
  /** Ports of the dev server we run. */
  readonly port: number;
  readonly uiPort: number;
}

/** Contents of the files that the settings name, not their paths. */
export interface TlsSettings {
  readonly serverName: string | undefined;
  readonly ca: Buffer | undefined;
  readonly certificate: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** How mail comes in. */
export interface SmtpSettings {
  /** What the server calls itself. */
  readonly name: string;
  readonly mostBytes: number;
  /** STARTTLS is offered with a certificate only. */
  readonly tls: { readonly certificate: Buffer; readonly key: Buffer } | undefined;
  /** Addresses of proxies that begin every connection with a PROXY line. */
  readonly proxies: readonly string[];
  /** Addresses of our own mail servers, which may bring as much as they like. */
  readonly relays: readonly string[];
}

/** Everything that whoever starts a process can decide. Read once, at the start. */
export interface Settings {
  readonly role: Role;
  readonly isDemo: boolean;
  readonly host: string;
  readonly port: number;
  readonly smtpPort: number;
  readonly smtp: SmtpSettings;
  /** The address users and outside systems reach us at, without a slash at its end. */
  readonly publicUrl: string;
  /** Absolute path of the folder with database, blobs, keys and Temporal's file. */
  readonly dataFolder: string;
  /** `mysql://…`; absent = the SQLite file in the data folder. */
  readonly databaseUrl: string | undefined;
  /** 32 bytes that secrets are sealed with, the same for all parts; absent = a file in the data folder. */
  readonly secretKey: Buffer | undefined;
  readonly temporal: TemporalSettings;
  /** `smtp://user:password@host:port` for outgoing mail; absent = mails wait, visibly. */
  readonly mailUrl: string | undefined;
  readonly mailFrom: string | undefined;
  /** Addresses of proxies whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Outgoing calls may reach loopback and private networks: for tests and closed networks only. */
  readonly mayCallPrivateAddresses: boolean;
  /** Addresses of outside systems that are not the usual ones, by connector: a proxy in between, a double in tests. */
  readonly connectorUrls: ReadonlyMap<string, string>;
  readonly logLevel: LogLevel;
  /** Test builds only: where this process shall break (see `store/failpoints.ts`). */
  readonly failpoint: string | undefined;
}

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks every setting.
 * @throws LeitwerkError `Misconfigured` with one sentence naming the setting and what is allowed.
 */
export function readSettings(args: readonly string[] = [], env: Environment = process.env): Settings {
  const options = readOptions(args);
  const host = text(env, 'HOST') ?? '127.0.0.1';
  const port = portOf(env, 'PORT', 4000);
  const smtpPort = portOf(env, 'SMTP_PORT', 2525);
  const temporal = readTemporal(env);
  const own = temporal.address === undefined ? { TEMPORAL_PORT: temporal.port, TEMPORAL_UI_PORT: temporal.uiPort } : {};
  assertDifferent({ PORT: port, SMTP_PORT: smtpPort, ...own });
  return {
    role: oneOf('--role', options.role ?? 'all', roles),
    isDemo: options.demo,
    host,
    port,
    smtpPort,
    smtp: readSmtp(env),
    publicUrl: urlOf(env, 'PUBLIC_URL', ['http:', 'https:'])?.replace(/\/+$/, '') ?? defaultUrl(host, port),
    dataFolder: resolve(text(env, 'LEITWERK_DATA') ?? './data'),
    databaseUrl: assertDecodable(urlOf(env, 'DATABASE_URL', ['mysql:'])),
    secretKey: keyOf(env, 'SECRET_KEY'),
    temporal,
    mailUrl: urlOf(env, 'MAIL_URL', ['smtp:', 'smtps:']),
    mailFrom: text(env, 'MAIL_FROM'),
    trustedProxies: listOf(env, 'TRUSTED_PROXIES'),
    mayCallPrivateAddresses: isOn(env, 'ALLOW_PRIVATE_ADDRESSES'),
    connectorUrls: urlsOf(env, 'CONNECTOR_URLS'),
    logLevel: oneOf('LOG_LEVEL', text(env, 'LOG_LEVEL') ?? 'info', logLevels),
    failpoint: text(env, 'FAILPOINT'),
  };
}

/**
 * What a child process of ours is started with: our own environment and what the parent knows better.
 * Kept here because this is the one file that touches the environment.
 */
export function childEnvironment(changes: Environment = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}

/** The language of messages on this terminal. */
export function readLanguage(env: Environment = process.env): Language {
  return (text(env, 'LC_ALL') ?? text(env, 'LC_MESSAGES') ?? text(env, 'LANG') ?? '').startsWith('de') ? 'de' : 'en';
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Node's own `recursive` never ends where a file system takes no folders, as in `/proc`. */
function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!isFolder(folder)) throw error;
  }
}

/** The file that is where a folder or one above it should be. */
const fileAt = (folder: string): string | undefined => {
  if (existsSync(folder)) return isFolder(folder) ? undefined : folder;
  return dirname(folder) === folder ? undefined : fileAt(dirname(folder));
};

/** The error of a data folder that takes no files. */
export const unwritable = (folder: string, cause: unknown): LeitwerkError => {
  const file = fileAt(folder);
  if (file !== undefined)
    return wrong(
      `Der Datenordner ${folder} kann kein Ordner sein: ${file} ist eine Datei. LEITWERK_DATA auf einen Ordner setzen.`,
      `The data folder ${folder} cannot be a folder: ${file} is a file. Set LEITWERK_DATA to a folder.`,
      cause,
    );
  return wrong(
    `Der Datenordner ${folder} ist nicht beschreibbar: Rechte ändern oder LEITWERK_DATA auf einen anderen Ordner setzen.`,
    `The data folder ${folder} cannot be written: change its permissions or set LEITWERK_DATA to another folder.`,
    cause,
  );
};

/** Makes the data folder, or one within it, and checks that it can be written. */
export function prepareDataFolder(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.R_OK);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

function readOptions(args: readonly string[]): { role: string | undefined; demo: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { role: { type: 'string' }, demo: { type: 'boolean', default: false } },
    });
    return { role: values.role, demo: values.demo };
  } catch (error) {
    const reason = messageOf(error);
    throw wrong(
      `${reason} Erlaubt: --role ${roles.join('|')}, --demo.`,
      `${reason} Allowed: --role ${roles.join('|')}, --demo.`,
    );
  }
}

function readTemporal(env: Environment): TemporalSettings {
  const address = text(env, 'TEMPORAL_ADDRESS');
  if (address !== undefined && !/^[^\s:/]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i.test(address)) {
    throw wrongValue('TEMPORAL_ADDRESS', address, 'host:port');
  }
  const port = portOf(env, 'TEMPORAL_PORT', 7233);
  return {
    address,
    isOurs: address === undefined || text(env, 'TEMPORAL_IS_OURS') !== undefined,
    namespace: text(env, 'TEMPORAL_NAMESPACE') ?? 'default',
    apiKey: text(env, 'TEMPORAL_API_KEY'),
    tls: readTls(env),
    uiUrl: urlOf(env, 'TEMPORAL_UI_URL', ['http:', 'https:'])?.replace(/\/+$/, ''),
    port,
    uiPort: portOf(env, 'TEMPORAL_UI_PORT', port === 7233 ? 8233 : port + 1000),
  };
}

function readSmtp(env: Environment): SmtpSettings {
  const [certificate, key] = [fileOf(env, 'SMTP_TLS_CERT'), fileOf(env, 'SMTP_TLS_KEY')];
  if ((certificate === undefined) !== (key === undefined)) {
    throw wrong(
      'SMTP_TLS_CERT und SMTP_TLS_KEY gehören zusammen: beide setzen oder keines.',
      'SMTP_TLS_CERT and SMTP_TLS_KEY belong together: set both or neither.',
    );
  }
  return {
    name: text(env, 'SMTP_NAME') ?? hostname(),
    mostBytes: megabytesOf(env, 'SMTP_MAX_MB', 40) * 1_000_000,
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
    proxies: listOf(env, 'SMTP_PROXIES'),
    relays: addressesOf(env, 'SMTP_RELAYS'),
  };
}

function readTls(env: Environment): TlsSettings | undefined {
  const tls = {
    serverName: text(env, 'TEMPORAL_TLS_SERVER_NAME'),
    ca: fileOf(env, 'TEMPORAL_TLS_CA'),
    certificate: fileOf(env, 'TEMPORAL_TLS_CERT'),
    key: fileOf(env, 'TEMPORAL_TLS_KEY'),
  };
  if ((tls.certificate === undefined) !== (tls.key === undefined)) {
    throw wrong(
      'TEMPORAL_TLS_CERT und TEMPORAL_TLS_KEY gehören zusammen: beide setzen oder keines.',
      'TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY belong together: set both or neither.',
    );
  }
  const isUsed = Object.values(tls).some((part) => part !== undefined);
  return isUsed || isOn(env, 'TEMPORAL_TLS') || text(env, 'TEMPORAL_API_KEY') !== undefined ? tls : undefined;
}

/** An empty variable is an unset one. */
function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

function portOf(env: Environment, name: string, otherwise: number): number {
  const value = text(env, name);
  if (value === undefined) return otherwise;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw wrongValue(name, value, '1–65535');
  return port;
}

/** @throws LeitwerkError `Misconfigured` when two of our own ports are the same. */
function assertDifferent(ports: Readonly<Record<string, number>>): void {
  const known = new Map<number, string>();
  for (const [name, port] of Object.entries(ports)) {
    const other = known.get(port);
    if (other !== undefined)
      throw wrong(
        `${other} und ${name} sind beide ${port}: eines davon auf einen anderen Port setzen.`,
        `${other} and ${name} are both ${port}: set one of them to another port.`,
      );
    known.set(port, name);
  }
}

function megabytesOf(env: Environment, name: string, otherwise: number): number {
  const value = text(env, name);
  if (value === undefined) return otherwise;
  const size = Number(value);
  if (!Number.isInteger(size) || size < 1 || size > 1_000) throw wrongValue(name, value, '1–1000');
  return size;
}

/** Values between commas. */
function listOf(env: Environment, name: string): string[] {
  return (text(env, name) ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

function addressesOf(env: Environment, name: string): string[] {
  const addresses = listOf(env, name);
  const other = addresses.find((address) => isIP(address) === 0);
  if (other === undefined) return addresses;
  throw wrong(`${name}: „${other}“ ist keine Adresse (10.0.0.5).`, `${name}: "${other}" is not an address (10.0.0.5).`);
}

function urlOf(env: Environment, name: string, protocols: readonly string[]): string | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  const allowed = protocols.map((protocol) => `${protocol}//…`).join(', ');
  // The value may hold a password: it is never repeated in the message.
  if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) throw wrongValue(name, undefined, allowed);
  return value;
}

/** `facebook=https://…,google-sheets=https://…`. */
function urlsOf(env: Environment, name: string): ReadonlyMap<string, string> {
  const urls = new Map<string, string>();
  for (const part of (text(env, name) ?? '').split(',').filter((word) => word.trim() !== '')) {
    const [, key, url = ''] = /^\s*([a-z][a-z0-9-]*)=(\S+?)\/*\s*$/.exec(part) ?? [];
    if (key === undefined || !URL.canParse(url) || !/^https?:/.test(url))
      throw wrongValue(name, part, 'facebook=https://…,…');
    urls.set(key, url);
  }
  return urls;
}

function keyOf(env: Environment, name: string): Buffer | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  const key = Buffer.from(value, 'base64');
  if (key.length !== 32) throw wrongValue(name, undefined, '32 bytes in base64 (openssl rand -base64 32)');
  return key;
}

const words = { on: ['on', '1', 'true', 'yes'], off: ['off', '0', 'false', 'no'] };

function isOn(env: Environment, name: string): boolean {
  const value = oneOf(name, (text(env, name) ?? 'off').toLowerCase(), [...words.on, ...words.off]);
  return words.on.includes(value);
}

function fileOf(env: Environment, name: string): Buffer | undefined {
  const path = text(env, name);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw wrong(
      `${name} nennt eine Datei, die nicht gelesen werden kann: ${path}.`,
      `${name} names a file that cannot be read: ${path}.`,
      error,
    );
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw wrongValue(name, value, allowed.join(', '));
  return found;
}

function defaultUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function wrongValue(name: string, value: string | undefined, allowed: string): LeitwerkError {
  const given = value === undefined ? '' : ` ("${value}")`;
  return wrong(
    `${name} ist ungültig${given}. Erlaubt: ${allowed}.`,
    `${name} is invalid${given}. Allowed: ${allowed}.`,
  );
}

function wrong(de: string, en: string, cause?: unknown): LeitwerkError {
  return new LeitwerkError('Misconfigured', { text: { de, en }, cause });
}

/** The clone's folder: where `config/`, `schemas/` and `admin-ui/dist` are. */
export const rootFolder = join(dirname(fileURLToPath(import.meta.url)), '..');
