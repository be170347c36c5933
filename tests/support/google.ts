import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What Google answers instead of what was asked for. */
export interface GoogleFault {
  readonly status: number;
  /** Word of the API (`RESOURCE_EXHAUSTED`). */
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Only calls whose path holds this fail. */
  readonly on?: string;
}

/** A spreadsheet with one tab, as people work in it. */
export interface FakeSheet {
  readonly id: string;
  title: string;
  tabId: number;
  locale: string;
  /** Rows of cells, the headings first. */
  cells: string[][];
  isShared: boolean;
  /** Rows that Google says it has; absent: as many as it has. */
  rowCount?: number;
}

/** A call that Google does not answer yet. */
export interface Held {
  readonly reached: Promise<void>;
  release(): void;
}

/** Google's token endpoint and Sheets API, as far as values go. */
export interface Google {
  readonly url: string;
  /** The file that the Cloud console gives for a service account. */
  readonly serviceAccount: string;
  readonly oauth: { readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string };
  readonly calls: readonly string[];
  addSheet(cells: readonly (readonly string[])[], more?: Partial<FakeSheet>): FakeSheet;
  fail(fault: GoogleFault, times?: number): void;
  mend(): void;
  /** The n-th call whose path holds this is not answered before it is released. */
  hold(on: string, nth: number): Held;
  /** Tokens are no longer given. */
  revoke(): void;
  /** From now on cells are written only as a reader may: not at all. */
  forbidWriting(isForbidden: boolean): void;
  close(): Promise<void>;
}

class ApiError extends Error {
  readonly fault: GoogleFault;
  constructor(fault: GoogleFault, message = '') {
    super(message);
    this.fault = fault;
  }
}

const email = 'leitwerk@muster.iam.gserviceaccount.com';

const columnOf = (letters: string): number =>
  [...letters].reduce((sum, letter) => sum * 26 + ((letter.codePointAt(0) ?? 64) - 64), 0);

interface Range {
  readonly tab: string;
  readonly from: { readonly column: number; readonly row: number };
  readonly to: { readonly column: number; readonly row: number };
}

const parseRange = (text: string): Range => {
  const match = /^'((?:[^']|'')+)'!([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?$/.exec(text);
  if (match === null) throw new ApiError({ status: 400, reason: 'INVALID_ARGUMENT' }, `Unable to parse range: ${text}`);
  const [, tab = '', column = '', row = '', toColumn = column, toRow = row] = match;
  return {
    tab: tab.replaceAll("''", "'"),
    from: { column: columnOf(column), row: Number(row) },
    to: { column: columnOf(toColumn), row: Number(toRow) },
  };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => Buffer.concat(await request.toArray()).toString();

/** Blank cells and rows at the end are left out, as the API does. */
const trimmed = (rows: readonly (readonly string[])[]): string[][] => {
  const cut = rows.map((row) => row.slice(0, row.findLastIndex((cell) => cell !== '') + 1));
  return cut.slice(0, cut.findLastIndex((row) => row.length > 0) + 1);
};

/** A new tab has a thousand rows and grows with what is written. */
const gridOf = ({ cells }: FakeSheet): number => Math.max(cells.length, 1_000);

export async function openGoogle(): Promise<Google> {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicKey = createPublicKey(keys.publicKey.export({ type: 'spki', format: 'pem' }));
  const oauth = { clientId: 'client', clientSecret: 'client-geheimnis', refreshToken: 'refresh-token' };
  const sheets = new Map<string, FakeSheet>();
  const calls: string[] = [];
  let fault: GoogleFault | undefined;
  let faultsLeft = 0;
  let isRevoked = false;
  let isReadOnly = false;

  let held:
    | { readonly on: string; left: number; readonly reach: () => void; readonly released: Promise<void> }
    | undefined;

  const waitWhileHeld = async (path: string): Promise<void> => {
    if (held === undefined || !path.includes(held.on)) return;
    held.left -= 1;
    if (held.left !== 0) return;
    held.reach();
    await held.released;
  };

  const grant = (form: URLSearchParams): object => {
    const invalid = new ApiError({ status: 400, reason: 'invalid_grant' });
    if (isRevoked) throw invalid;
    if (form.get('grant_type') === 'refresh_token') {
      if (form.get('refresh_token') !== oauth.refreshToken || form.get('client_secret') !== oauth.clientSecret)
        throw invalid;
    } else {
      const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
      const isSigned = verify(
        'sha256',
        Buffer.from(`${head}.${claims}`),
        publicKey,
        Buffer.from(signature, 'base64url'),
      );
      const { iss, scope } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, string>;
      if (!isSigned || iss !== email || scope?.includes('auth/spreadsheets') !== true) throw invalid;
    }
    return { access_token: 'zugang', expires_in: 3_600, token_type: 'Bearer' };
  };

  const sheetOf = (id: string): FakeSheet => {
    const sheet = sheets.get(id);
    if (sheet === undefined)
      throw new ApiError({ status: 404, reason: 'NOT_FOUND' }, 'Requested entity was not found.');
    if (!sheet.isShared)
      throw new ApiError({ status: 403, reason: 'PERMISSION_DENIED' }, 'The caller does not have permission');
    return sheet;
  };

  const rangeIn = (sheet: FakeSheet, text: string): Range => {
    const range = parseRange(text);
    if (range.tab === sheet.title) return range;
    throw new ApiError({ status: 400, reason: 'INVALID_ARGUMENT' }, `Unable to parse range: ${text}`);
  };

  const write = (sheet: FakeSheet, body: string): object => {
    if (isReadOnly)
      throw new ApiError({ status: 403, reason: 'PERMISSION_DENIED' }, 'The caller does not have permission');
    const { data, valueInputOption } = JSON.parse(body) as {
      readonly valueInputOption: string;
      readonly data: readonly { readonly range: string; readonly values: readonly (readonly string[])[] }[];
    };
    if (valueInputOption !== 'RAW') throw new ApiError({ status: 400, reason: 'INVALID_ARGUMENT' }, 'RAW is expected');
    for (const { range, values } of data) {
      const { from } = rangeIn(sheet, range);
      const row = (sheet.cells[from.row - 1] ??= []);
      while (row.length < from.column) row.push('');
      row[from.column - 1] = values[0]?.[0] ?? '';
    }
    return { totalUpdatedCells: data.length };
  };

  const answerOf = (path: string, body: string): object => {
    if (path === '/token') return grant(new URLSearchParams(body));
    const [, id = '', rest = ''] = /^\/v4\/spreadsheets\/([\w-]+)(.*)$/.exec(path) ?? [];
    const sheet = sheetOf(id);
    if (rest === '') {
      const gridProperties = { rowCount: sheet.rowCount ?? gridOf(sheet) };
      const properties = { sheetId: sheet.tabId, title: sheet.title, gridProperties };
      return { properties: { title: 'Muster-Tabelle', locale: sheet.locale }, sheets: [{ properties }] };
    }
    if (rest === '/values:batchUpdate') return write(sheet, body);
    const range = rangeIn(sheet, decodeURIComponent(rest.replace('/values/', '')));
    if (range.from.row > gridOf(sheet)) {
      const said = `Range (${path}) exceeds grid limits. Max rows: ${gridOf(sheet)}, max columns: 26`;
      throw new ApiError({ status: 400, reason: 'INVALID_ARGUMENT' }, said);
    }
    const rows = sheet.cells.slice(range.from.row - 1, range.to.row);
    const values = trimmed(rows.map((row) => row.slice(range.from.column - 1, range.to.column)));
    return values.length === 0 ? {} : { values };
  };

  const assertWell = (request: IncomingMessage, path: string): void => {
    if (fault !== undefined && faultsLeft > 0 && path.includes(fault.on ?? '/v4/')) {
      faultsLeft -= 1;
      throw new ApiError(fault);
    }
    if (path.startsWith('/v4/') && (isRevoked || request.headers.authorization !== 'Bearer zugang'))
      throw new ApiError({ status: 401, reason: 'UNAUTHENTICATED' });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = ''] = (request.url ?? '').split('?');
    const body = await bodyOf(request);
    calls.push(`${request.method ?? ''} ${path}`);
    await waitWhileHeld(path);
    try {
      assertWell(request, path);
      const text = JSON.stringify(answerOf(path, body));
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, reason, headers } = error.fault;
      const said =
        path === '/token' ? { error: reason } : { error: { code: status, status: reason, message: error.message } };
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(said));
    }
  };

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serviceAccount: JSON.stringify({ type: 'service_account', client_email: email, private_key: privateKey }),
    oauth,
    calls,
    addSheet: (cells, more = {}) => {
      const id = `sheet-${'0'.repeat(10)}-${sheets.size}`;
      const sheet: FakeSheet = {
        id,
        title: 'Leads',
        tabId: 7,
        locale: 'de_DE',
        isShared: true,
        ...more,
        cells: cells.map((row) => [...row]),
      };
      sheets.set(id, sheet);
      return sheet;
    },
    fail: (next, times = Number.POSITIVE_INFINITY) => {
      fault = next;
      faultsLeft = times;
    },
    mend: () => {
      faultsLeft = 0;
      isRevoked = false;
      isReadOnly = false;
    },
    hold: (on, nth) => {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      held = { on, left: nth, reach: reached.resolve, released: released.promise };
      return { reached: reached.promise, release: released.resolve };
    },
    revoke: () => void (isRevoked = true),
    forbidWriting: (isForbidden) => void (isReadOnly = isForbidden),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
