import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What Meta answers instead of what was asked for. */
export interface MetaFault {
  readonly status: number;
  readonly code: number;
  readonly subcode?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A lead as the Graph API keeps it. */
export interface MetaLead {
  readonly id: string;
  readonly form_id: string;
  readonly created_time: string;
  readonly campaign_name?: string;
  readonly field_data: readonly { readonly name: string; readonly values: readonly string[] }[];
}

/** Meta's Graph API as far as leads go: tokens, proofs, forms, leads by id and by page, errors. */
export interface Meta {
  readonly url: string;
  readonly credentials: { readonly appSecret: string; readonly verifyToken: string; accessToken: string };
  readonly pageId: string;
  /** What was asked, in order: path and parameters. */
  readonly calls: readonly string[];
  addLead(lead: Partial<MetaLead> & { readonly id: string }): MetaLead;
  /** The next so many calls, or all from now on, fail. */
  fail(fault: MetaFault, times?: number): void;
  /** All is well from now on. */
  mend(): void;
  /** The token that is valid from now on. */
  acceptToken(token: string): void;
  close(): Promise<void>;
}

const pageId = '1000';
const created = (minutesAgo: number): string =>
  new Date(Date.now() - minutesAgo * 60_000).toISOString().replace(/\.\d+Z$/, '+0000');

const fieldsOf = (values: Readonly<Record<string, string>>): MetaLead['field_data'] =>
  Object.entries(values).map(([name, value]) => ({ name, values: [value] }));

/** What a person filled into a form. */
export const answers = (name: string): MetaLead['field_data'] =>
  fieldsOf({ full_name: `Anna ${name}`, email: `${name.toLowerCase()}@example.org`, phone_number: '+4930123456' });

class GraphError extends Error {
  readonly fault: MetaFault;
  constructor(fault: MetaFault) {
    super(`(#${fault.code})`);
    this.fault = fault;
  }
}

export async function openMeta(): Promise<Meta> {
  const credentials = { appSecret: 'app-geheimnis', verifyToken: 'pruefwort', accessToken: 'seiten-token' };
  let token = credentials.accessToken;
  const leads = new Map<string, MetaLead>();
  const calls: string[] = [];
  let fault: MetaFault | undefined;
  let faultsLeft = 0;

  const assertMay = (request: IncomingMessage, query: URLSearchParams): void => {
    if (fault !== undefined && faultsLeft > 0) {
      faultsLeft -= 1;
      throw new GraphError(fault);
    }
    const proof = createHmac('sha256', credentials.appSecret).update(token).digest('hex');
    if (request.headers.authorization !== `Bearer ${token}`)
      throw new GraphError({ status: 400, code: 190, subcode: 463 });
    if (query.get('appsecret_proof') !== proof) throw new GraphError({ status: 400, code: 100 });
  };

  const pageOf = (all: readonly unknown[], query: URLSearchParams, self: string): object => {
    const limit = Math.min(Number(query.get('limit') ?? 25), 2);
    const from = Number(query.get('after') ?? 0);
    const data = all.slice(from, from + limit);
    const after = String(from + limit);
    const hasMore = from + limit < all.length;
    // The address of the next page holds a token in reality; nobody is to follow it.
    const next = hasMore ? { next: `${self}?access_token=geheim&after=${after}` } : {};
    return { data, paging: { cursors: { before: String(from), after }, ...next } };
  };

  const answerOf = (path: string, query: URLSearchParams): object => {
    const [, , id = '', edge] = path.split('/');
    if (id === pageId && edge === undefined) return { id, name: 'Muster-Seite' };
    if (id === pageId && edge === 'leadgen_forms') {
      const forms = [...new Set([...leads.values()].map((lead) => lead.form_id))];
      return pageOf(
        forms.map((form) => ({ id: form, status: 'ACTIVE' })),
        query,
        path,
      );
    }
    if (edge === 'leads') {
      const [filter] = JSON.parse(query.get('filtering') ?? '[]') as { readonly value: number }[];
      const found = [...leads.values()]
        .filter((lead) => lead.form_id === id && Date.parse(lead.created_time) / 1_000 > (filter?.value ?? 0))
        .toSorted((one, other) => other.created_time.localeCompare(one.created_time));
      return pageOf(found, query, path);
    }
    const lead = leads.get(id);
    if (lead === undefined) throw new GraphError({ status: 400, code: 100, subcode: 33 });
    return lead;
  };

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const [path = '', text = ''] = (request.url ?? '').split('?');
    const query = new URLSearchParams(text);
    calls.push(path);
    try {
      assertMay(request, query);
      const body = JSON.stringify(answerOf(path, query));
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      const { status, code, subcode, headers } = error.fault;
      const body = { error: { message: error.message, type: 'OAuthException', code, error_subcode: subcode } };
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    }
  };

  const server = createServer(handle);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials,
    pageId,
    calls,
    addLead: (wanted) => {
      const lead = { form_id: '77', created_time: created(5), field_data: answers(`L${wanted.id}`), ...wanted };
      leads.set(lead.id, lead);
      return lead;
    },
    fail: (next, times = Number.POSITIVE_INFINITY) => {
      fault = next;
      faultsLeft = times;
    },
    mend: () => void (faultsLeft = 0),
    acceptToken: (next) => void (token = next),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** A delivery that tells of leads, one list an entry. */
export const delivery = (...entries: readonly (readonly string[])[]): string =>
  JSON.stringify({
    object: 'page',
    entry: entries.map((ids) => ({
      id: pageId,
      time: 1_700_000_000,
      changes: ids.map((id) => ({
        field: 'leadgen',
        value: { leadgen_id: id, page_id: pageId, form_id: '77', created_time: 1_700_000_000 },
      })),
    })),
  });

/** Sends bytes to a source as Meta does. */
export async function deliver(
  url: string,
  body: string,
  {
    secret,
    source = 'facebook',
    signature,
  }: { readonly secret: string; readonly source?: string; readonly signature?: string },
): Promise<{ readonly status: number; readonly json: Readonly<Record<string, unknown>> }> {
  const signed = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const response = await fetch(`${url}/intake/${source}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature ?? signed },
    body,
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
