import { createHmac } from 'node:crypto';
import { LeitwerkError } from '../../core/errors.ts';
import { parseExactJson } from '../../core/json.ts';
import type { Access } from '../port.ts';
import { toGraphFailure } from './errors.ts';

type Values = Readonly<Record<string, unknown>>;

const graphUrl = 'https://graph.facebook.com';
const version = 'v23.0';
const pageSize = 100;
/** A form has at most so many pages of what is new; beyond that the next run goes on. */
const mostPages = 200;

const leadFields =
  'id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,platform,field_data';

const readBody = (bytes: Uint8Array): unknown => {
  try {
    return parseExactJson(bytes);
  } catch {
    return undefined;
  }
};

/** Calls the Graph API. The token goes in a header, so that no address, log or proxy holds it. */
const call = async (access: Access, path: string, query: Readonly<Record<string, string>>): Promise<Values> => {
  const token = String(access.credentials['accessToken'] ?? '');
  const secret = String(access.credentials['appSecret'] ?? '');
  const proof = createHmac('sha256', secret).update(token).digest('hex');
  const parameters = new URLSearchParams({ ...query, appsecret_proof: proof });
  const answer = await access.egress.call({
    url: `${access.apiUrl ?? graphUrl}/${version}/${path}?${parameters.toString()}`,
    method: 'GET',
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
  });
  const body = readBody(answer.body);
  const isFine = answer.status === 200 && typeof body === 'object' && body !== null && !('error' in body);
  if (isFine) return body as Values;
  throw toGraphFailure(answer, body, access.now);
};

/** Ids come from deliveries and settings: they are numbers, and never lead to another address. */
const idOf = (value: unknown): string => {
  const id = String(value);
  if (/^\d{1,40}$/.test(id)) return id;
  throw new LeitwerkError('RemoteRejected', {
    text: { de: 'Die Kennung von Meta ist keine Zahl.', en: "Meta's id is not a number." },
  });
};

const listOf = (body: Values): readonly Values[] => (Array.isArray(body['data']) ? (body['data'] as Values[]) : []);

const cursorAfter = (body: Values): string | undefined => {
  const paging = body['paging'] as
    | { readonly next?: unknown; readonly cursors?: { readonly after?: unknown } }
    | undefined;
  const after = paging?.cursors?.after;
  return paging?.next === undefined || typeof after !== 'string' ? undefined : after;
};

/** Pages of a list, by cursor: the address of the next page that the answer names is not followed. */
async function* pagesOf(
  access: Access,
  path: string,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<readonly Values[], void> {
  let after: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const body = await call(access, path, {
      ...query,
      limit: String(pageSize),
      ...(after === undefined ? {} : { after }),
    });
    yield listOf(body);
    after = cursorAfter(body);
    if (after === undefined) return;
  }
}

/** A lead by its id. */
export async function readLead(access: Access, id: unknown): Promise<Values> {
  return await call(access, idOf(id), { fields: leadFields });
}

export async function readPage(access: Access): Promise<Values> {
  return await call(access, idOf(access.settings['pageId']), { fields: 'id,name' });
}

/** Ids of the page's lead forms. */
export async function readForms(access: Access): Promise<string[]> {
  const forms: string[] = [];
  for await (const page of pagesOf(access, `${idOf(access.settings['pageId'])}/leadgen_forms`, { fields: 'id,status' }))
    forms.push(...page.filter((form) => form['status'] !== 'DELETED').map((form) => String(form['id'])));
  return forms;
}

/** Leads of a form that came after an instant (seconds since 1970), the newest first. */
export async function* readLeadsOf(
  access: Access,
  form: string,
  sinceSeconds: number,
): AsyncGenerator<readonly Values[], void> {
  const filtering = JSON.stringify([{ field: 'time_created', operator: 'GREATER_THAN', value: sinceSeconds }]);
  yield* pagesOf(access, `${idOf(form)}/leads`, { fields: leadFields, filtering });
}
