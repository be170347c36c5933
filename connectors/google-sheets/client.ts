import { sheets as createSheets, type sheets_v4 } from '@googleapis/sheets';
import { gaxios, JWT, UserRefreshClient, type AuthClient } from 'google-auth-library';
import { LeitwerkError } from '../../core/errors.ts';
import type { Egress, EgressCall } from '../egress.ts';
import type { Access } from '../port.ts';
import { isBehindEnd, toSheetsFailure } from './errors.ts';

/** Where the client may go, whatever the credentials say: they are Google's and go to nobody else. */
const hosts = new Set(['sheets.googleapis.com', 'oauth2.googleapis.com']);
const scopes = ['https://www.googleapis.com/auth/spreadsheets'];
const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** A block of rows is larger than what others answer. */
const mostBytes = 16 * 1_048_576;

const methodOf = (method: string | undefined): EgressCall['method'] => {
  const name = (method ?? 'GET').toUpperCase();
  return methods.has(name) ? (name as EgressCall['method']) : 'GET';
};

const headersOf = (headers: Record<string, string | readonly string[] | undefined>): Headers => {
  const made = new Headers();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) made.set(name, String(value));
  return made;
};

/** Google's client speaks `fetch`; this one leaves through our only way out, and to Google only. */
const createFetch =
  (egress: Egress, apiUrl: string | undefined): typeof globalThis.fetch =>
  async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!hosts.has(url.hostname))
      throw new LeitwerkError('RemoteRejected', {
        text: { de: `„${url.hostname}“ gehört nicht zu Google Sheets.`, en: `"${url.hostname}" is not Google Sheets.` },
      });
    const answer = await egress.call({
      url: apiUrl === undefined ? url.href : `${apiUrl}${url.pathname}${url.search}`,
      method: methodOf(init?.method),
      headers: Object.fromEntries(new Headers(init?.headers).entries()),
      maxBytes: mostBytes,
      ...(init?.body === undefined || init.body === null ? {} : { body: String(init.body) }),
    });
    const isEmpty = answer.status === 204 || answer.status === 304;
    return new Response(isEmpty ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: headersOf(answer.headers),
    });
  };

interface ServiceAccount {
  readonly client_email: string;
  readonly private_key: string;
}

/** @throws LeitwerkError `RemoteRejected` for a file that is no key of a service account. */
const readServiceAccount = (text: string): ServiceAccount => {
  try {
    const account = JSON.parse(text) as Partial<ServiceAccount> | null;
    if (typeof account?.client_email === 'string' && typeof account.private_key === 'string')
      return { client_email: account.client_email, private_key: account.private_key };
  } catch {
    // The sentence below says all that can be said without repeating a secret.
  }
  throw new LeitwerkError('RemoteRejected', {
    text: {
      de: 'Der Schlüssel des Dienstkontos ist nicht lesbar: die JSON-Datei aus der Google Cloud Console vollständig einfügen.',
      en: 'The key of the service account cannot be read: paste the whole JSON file from the Google Cloud console.',
    },
    facts: { fault: 'credentials' },
  });
};

/** A client that tries once: trying again is the business of whoever called, who can be seen waiting. */
const createTransporter = ({ egress, apiUrl }: Access): gaxios.Gaxios => {
  const transporter = new gaxios.Gaxios({ fetchImplementation: createFetch(egress, apiUrl) });
  transporter.interceptors.request.add({
    resolved: async (config) => await Promise.resolve({ ...config, retry: false, retryConfig: { retry: 0 } }),
  });
  return transporter;
};

const createAuth = (access: Access): AuthClient => {
  const transporter = createTransporter(access);
  const { serviceAccount, clientId, clientSecret, refreshToken } = access.credentials;
  if (typeof serviceAccount === 'string' && serviceAccount !== '') {
    const account = readServiceAccount(serviceAccount);
    return new JWT({ email: account.client_email, key: account.private_key, scopes, transporter });
  }
  return new UserRefreshClient({
    clientId: String(clientId ?? ''),
    clientSecret: String(clientSecret ?? ''),
    refreshToken: String(refreshToken ?? ''),
    transporter,
  });
};

/** A tab of a spreadsheet. `id` stays when it is renamed. */
export interface Tab {
  readonly id: number;
  readonly title: string;
  readonly rows: number;
}

export interface Spreadsheet {
  readonly title: string;
  /** `de_DE`: how numbers are written in it. */
  readonly locale: string;
  readonly tabs: readonly Tab[];
}

/** Cells to write, by A1 range. */
export interface CellChange {
  readonly range: string;
  readonly value: string;
}

export interface SheetsClient {
  readSpreadsheet(id: string): Promise<Spreadsheet>;
  /** Cells as they are shown, row by row; rows at the end that have nothing are left out, those behind the end of the tab are none. */
  readRows(id: string, range: string): Promise<readonly (readonly string[])[]>;
  writeCells(id: string, changes: readonly CellChange[]): Promise<void>;
  /** Gets a token and nothing else. */
  authorise(): Promise<void>;
}

const tabOf = ({ properties }: sheets_v4.Schema$Sheet): Tab => ({
  id: properties?.sheetId ?? 0,
  title: properties?.title ?? '',
  rows: properties?.gridProperties?.rowCount ?? 0,
});

/** Google's own client for one connection. Every failure is one of ours, with what to do. */
export function createSheetsClient(access: Access): SheetsClient {
  const auth = createAuth(access);
  const { spreadsheets } = createSheets({ version: 'v4', auth: auth as never, retry: false });
  const translating = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toSheetsFailure(error, access.now);
    }
  };
  return {
    authorise: async () => void (await translating(async () => await auth.getAccessToken())),
    readSpreadsheet: async (spreadsheetId) =>
      await translating(async () => {
        const fields = 'properties(title,locale),sheets.properties(sheetId,title,gridProperties.rowCount)';
        const { data } = await spreadsheets.get({ spreadsheetId, fields });
        const { title, locale } = data.properties ?? {};
        return { title: title ?? '', locale: locale ?? '', tabs: (data.sheets ?? []).map(tabOf) };
      }),
    readRows: async (spreadsheetId, range) =>
      await translating(async () => {
        const wanted = { spreadsheetId, range, valueRenderOption: 'FORMATTED_VALUE' };
        const answer = await spreadsheets.values.get(wanted).catch((error: unknown) => {
          if (isBehindEnd(error)) return undefined;
          throw error;
        });
        const values = (answer?.data.values ?? []) as readonly (readonly unknown[])[];
        return values.map((row) => row.map((cell) => String(cell ?? '')));
      }),
    writeCells: async (spreadsheetId, changes) => {
      const data = changes.map(({ range, value }) => ({ range, values: [[value]] }));
      await translating(
        async () =>
          await spreadsheets.values.batchUpdate({ spreadsheetId, requestBody: { valueInputOption: 'RAW', data } }),
      );
    },
  };
}
