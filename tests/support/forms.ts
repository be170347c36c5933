import { createApi, type Api } from './api.ts';
import type { App } from './app.ts';
import { addKey, openStore, type Store } from './stores.ts';

/** An app with two forms of its own: one that asks for everything a form can ask, one that only two pages may show. */
export interface FormWorld {
  readonly app: App;
  readonly api: Api;
  readonly store: Store;
  /** Records of a collection that a filter selects. */
  records(plural: string, filter: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

export const quoteForm = {
  key: 'angebot',
  label: { de: 'Angebot', en: 'Quote' },
  auth: 'public',
  rateLimit: { perMinute: 1_000 },
  form: {
    title: { de: 'Angebot <b>anfordern</b>', en: 'Request a quote' },
    intro: {
      de: 'Zwei Minuten.\n\nMehr auf [unserer Seite](https://www.example.de/?a=1&b=2), [nicht hier](javascript:alert(1)).',
      en: 'Two minutes.',
    },
    fields: [
      { field: 'lastName', isRequired: true },
      { field: 'email', isRequired: true, help: { de: 'Nur für die Antwort', en: 'For the answer only' } },
      { field: 'phone' },
      { field: 'budget', placeholder: { de: 'z. B. 12.500 €', en: 'e.g. 12,500' } },
      { field: 'priority' },
      { field: 'score' },
      { field: 'tags' },
      { field: 'message', isRequired: true },
    ],
    files: { label: { de: 'Pläne', en: 'Plans' }, most: 2 },
    thanks: { de: 'Danke für Ihre Anfrage.', en: 'Thank you for your request.' },
    consentText: {
      de: 'Ich habe die [Datenschutzerklärung](https://www.example.de/datenschutz) gelesen.',
      en: 'I have read the privacy policy.',
    },
  },
} as const;

const closedForm = {
  ...quoteForm,
  key: 'geschlossen',
  allowedOrigins: ['https://www.example.de', 'https://shop.example.de:8443'],
};

export async function createFormWorld(): Promise<FormWorld> {
  const store = await openStore('sqlite', {});
  const app = await store.start({ args: ['--role', 'api'] });
  const api = createApi(app.url, await addKey(store, { role: 'superadmin' }));
  for (const source of [quoteForm, closedForm]) {
    const { status, text } = await api.put(`/config/sources/${source.key}`, source);
    if (status > 201) throw new Error(`${source.key}: ${status} ${text}`);
  }
  return {
    app,
    api,
    store,
    records: async (plural, filter) => (await api.get(`/${plural}?filter=${encodeURIComponent(filter)}`)).json.data,
    close: async () => {
      await app.stop();
      await store.clear();
    },
  };
}
