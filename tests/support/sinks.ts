import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** What a remote system got, under the key by which it knows a repetition. */
export interface Delivery {
  readonly key: string;
  /** Record id for webhooks, address for mails. */
  readonly about: string;
}

/** A mail server and a webhook receiver of the outside world that keep what they get. */
export interface Sinks {
  readonly mailUrl: string;
  readonly webhookUrl: string;
  readonly mails: readonly Delivery[];
  readonly webhooks: readonly Delivery[];
  /** What the webhook receiver answers from now on. */
  answer(status: number): void;
  close(): Promise<void>;
}

export async function openSinks(): Promise<Sinks> {
  const mails: Delivery[] = [];
  const webhooks: Delivery[] = [];
  let status = 204;
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const key = /^message-id:\s*(\S+)/im.exec(Buffer.concat(chunks).toString())?.[1] ?? '';
        mails.push(...session.envelope.rcptTo.map(({ address }) => ({ key, about: address })));
        done();
      });
    },
  });
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { id: string } };
      if (status < 300) webhooks.push({ key: String(request.headers['webhook-id']), about: data.id });
      response.writeHead(status).end();
    });
  });
  // A sender that is killed in the middle of a mail.
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve));
  const portOf = (address: AddressInfo | string | null): number =>
    typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    mailUrl: `smtp://127.0.0.1:${portOf(smtp.server.address())}`,
    webhookUrl: `http://127.0.0.1:${portOf(http.address())}/hook`,
    mails,
    webhooks,
    answer: (next) => void (status = next),
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => void http.close(resolve));
      await new Promise<void>((resolve) => void smtp.close(resolve));
    },
  };
}

/** I5: what each is about was delivered under one key, however often; answers what was not. */
export function findMisdelivered(deliveries: readonly Delivery[], wanted: readonly string[]): string[] {
  const keys = Map.groupBy(deliveries, ({ about }) => about);
  return wanted.flatMap((about) => {
    const distinct = new Set(keys.get(about)?.map(({ key }) => key));
    return distinct.size === 1 ? [] : [`I5: ${about} was delivered under ${distinct.size} keys`];
  });
}
