import { LeitwerkError } from '../../core/errors.ts';
import type { Access, ConnectorKind, FetchedItem, Notice, Preset } from '../port.ts';
import { readForms, readLead, readLeadsOf, readPage } from './client.ts';
import { answerMetaChallenge, assertMetaSigned, isMetaSigned } from './signature.ts';

type Values = Readonly<Record<string, unknown>>;

const secret = (de: string, en: string, help: { readonly de: string; readonly en: string }) => ({
  type: 'string',
  minLength: 1,
  maxLength: 2_000,
  'x-label': { de, en },
  'x-help': help,
});

const connection: ConnectorKind = {
  kind: 'facebook',
  label: { de: 'Facebook-Seite', en: 'Facebook page' },
  help: {
    de: 'developers.facebook.com → Ihre App: App-Geheimnis unter Einstellungen → Allgemeines; Produkt Webhooks, Objekt Page, Feld leadgen.',
    en: 'developers.facebook.com → your app: app secret under Settings → Basic; product Webhooks, object Page, field leadgen.',
  },
  settings: {
    type: 'object',
    required: ['pageId'],
    additionalProperties: false,
    properties: {
      pageId: {
        type: 'string',
        pattern: '^\\d{1,40}$',
        'x-label': { de: 'Seiten-ID', en: 'Page id' },
        'x-help': {
          de: 'Nur Ziffern: Seite → Info → Seitentransparenz.',
          en: 'Digits only: page → About → page transparency.',
        },
      },
    },
  },
  credentials: {
    type: 'object',
    required: ['appSecret', 'verifyToken', 'accessToken'],
    additionalProperties: false,
    properties: {
      appSecret: secret('App-Geheimnis', 'App secret', {
        de: 'Damit unterschreibt Meta jede Nachricht.',
        en: 'Meta signs every message with it.',
      }),
      verifyToken: secret('Prüfwort', 'Verify token', {
        de: 'Frei gewählt; dasselbe in Meta beim Webhook eintragen.',
        en: 'Any word; enter the same in Meta at the webhook.',
      }),
      accessToken: secret('Zugriffstoken der Seite', 'Page access token', {
        de: 'Langlebiges Token eines Systemnutzers mit leads_retrieval.',
        en: 'Long-lived token of a system user with leads_retrieval.',
      }),
    },
  },
  bound: [],
  test: async (access) => {
    const page = await readPage(access);
    const forms = await readForms(access);
    const name = String(page['name'] ?? '');
    return {
      de: `Seite „${name}“ erreicht, ${forms.length} Formulare.`,
      en: `Reached the page "${name}", ${forms.length} forms.`,
    };
  },
};

/** The members of what should be an object; of anything else none. */
const membersOf = (value: unknown): Values => (typeof value === 'object' && value !== null ? (value as Values) : {});

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A delivery holds several entries with several changes; only leads concern us, and parts of another shape are passed over. */
const readNotices = (body: Values): Notice[] => {
  const entries = body['object'] === 'page' ? listOf(body['entry']) : [];
  return entries.flatMap((entry, entryIndex) =>
    listOf(membersOf(entry)['changes']).flatMap((part, index) => {
      const change = membersOf(part);
      const facts = membersOf(change['value']);
      const id = facts['leadgen_id'];
      if (change['field'] !== 'leadgen' || (typeof id !== 'string' && typeof id !== 'number')) return [];
      return [{ id: String(id), path: `/entry/${entryIndex}/changes/${index}`, facts }];
    }),
  );
};

/** What mapping rows see: the lead as the Graph API gives it, its id under the name that deliveries give it. */
const toBody = (lead: Values, facts: Values = {}): Values => {
  const { id, ...rest } = lead;
  const { page_id: page, adgroup_id: adgroup } = facts;
  return {
    leadgen_id: String(id),
    ...(page === undefined ? {} : { page_id: page }),
    ...(adgroup === undefined ? {} : { adgroup_id: adgroup }),
    ...rest,
  };
};

type Cursor = Readonly<Record<string, number>>;

/** What deliveries may be late by: so far a run looks behind the newest lead of the last one. */
const overlapSeconds = 3_600;
/** The first run brings the leads of one day, not those of a whole campaign. */
const firstSeconds = 86_400;

const createdSeconds = (lead: Values): number => {
  const seconds = Math.floor(Date.parse(String(lead['created_time'])) / 1_000);
  return Number.isFinite(seconds) ? seconds : 0;
};

async function* catchUp(access: Access, before: unknown): AsyncGenerator<readonly FetchedItem[], Cursor> {
  const known = (before ?? {}) as Cursor;
  const nowSeconds = Math.floor(access.now.getTime() / 1_000);
  const cursor: Record<string, number> = {};
  for (const form of await readForms(access)) {
    let newest = known[form] ?? nowSeconds - firstSeconds;
    for await (const leads of readLeadsOf(access, form, newest - overlapSeconds)) {
      newest = Math.max(newest, ...leads.map(createdSeconds));
      yield leads.map((lead) => ({ id: String(lead['id']), body: toBody(lead) }));
    }
    cursor[form] = newest;
  }
  return cursor;
}

/** Lead ads of Facebook and Instagram. */
export const facebook: Preset = {
  key: 'facebook',
  label: { de: 'Facebook Lead Ads', en: 'Facebook lead ads' },
  connection,
  webhook: {
    isSigned: isMetaSigned,
    assertSigned: assertMetaSigned,
    answerChallenge: answerMetaChallenge,
    readNotices,
    fetch: async (access, notice) => {
      const lead = await readLead(access, notice.id);
      if (String(lead['id']) === notice.id) return toBody(lead, notice.facts);
      throw new LeitwerkError('RemoteRejected', {
        text: { de: 'Meta hat einen anderen Eintrag geschickt.', en: 'Meta sent another entry.' },
      });
    },
  },
  catchUp,
};
