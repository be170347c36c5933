import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { createRandom, type Random } from './random.ts';

/** What the sender heard for one delivery; `lost` when the connection broke before an answer. */
export type Heard =
  | 'lost'
  | {
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Readonly<Record<string, unknown>>;
    };

/** One lead that a sender wants to be known, and every answer it got. */
export interface Item {
  /** Dedupe key within its source. */
  readonly externalId: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly heard: Heard[];
}

export interface Sender {
  /** Everything sent so far: the ledger. */
  readonly items: readonly Item[];
  readonly random: Random;
  /** Makes items that were not sent yet. */
  make(count: number): Item[];
  /** Delivers each once, `atOnce` of them at a time. */
  deliver(url: string, items: readonly Item[], atOnce?: number): Promise<void>;
  close(): void;
}

export interface SenderOptions {
  readonly source: string;
  readonly secret: string;
  readonly seed: number;
}

const companies = ['Muster Bau GmbH', 'Äpfel & Söhne KG', 'Kranich Logistik', '李 Trading', "O'Neill Ltd"];

/** A partner's system that sends leads and remembers what it was told. The same seed makes the same leads. */
export function createSender({ source, secret, seed }: SenderOptions): Sender {
  const random = createRandom(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, timeout: 60_000 });
  const items: Item[] = [];
  const make = (count: number): Item[] => {
    const made = Array.from({ length: count }, (_, index) => {
      const externalId = `seed-${seed}-${items.length + index}`;
      const company = random.pick(companies);
      const body = {
        externalId,
        company,
        email: `${externalId}@example.org`,
        lastName: `N${random.below(1_000)}`,
        budget: random.below(90_000) / 100,
      };
      return { externalId, body, heard: [] };
    });
    items.push(...made);
    return made;
  };
  const send = async (url: string, item: Item): Promise<void> => {
    item.heard.push(await post(agent, { url: `${url}/intake/${source}`, secret, body: JSON.stringify(item.body) }));
  };
  return {
    items,
    random,
    make,
    deliver: async (url, wanted, atOnce = 20) => {
      const queue = wanted.values();
      await Promise.all(
        Array.from({ length: Math.min(atOnce, wanted.length) }, async () => {
          for (const item of queue) await send(url, item);
        }),
      );
    },
    close: () => agent.destroy(),
  };
}

const post = async (agent: Agent, call: { url: string; secret: string; body: string }): Promise<Heard> =>
  await new Promise((resolve) => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${call.secret}`,
      'content-length': Buffer.byteLength(call.body),
    };
    const sent = request(call.url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: JSON.parse(text) as Record<string, unknown>,
        });
      });
      response.on('error', () => resolve('lost'));
    });
    sent.on('error', () => resolve('lost'));
    sent.end(call.body);
  });

/** Status of every answer, `lost` for none. */
export const statusesOf = (items: readonly Item[]): (number | 'lost')[] =>
  items.flatMap((item) => item.heard.map((heard) => (heard === 'lost' ? heard : heard.status)));

/** Whether the sender was told that the item is safe. */
export const isAcknowledged = (item: Item): boolean =>
  item.heard.some((heard) => heard !== 'lost' && heard.status < 300);
