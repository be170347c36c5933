import { parentPort } from 'node:worker_threads';
import { freeMemory } from './memory.ts';
import { parseMail } from './parse-mail.ts';

const answer = async (raw: Uint8Array): Promise<void> => {
  const mail = await parseMail(raw);
  freeMemory(raw);
  const buffers = new Set(mail.attachments.map(({ content }) => content.buffer as ArrayBuffer));
  parentPort?.postMessage(mail, [...buffers]);
};

/** The other side of `createMailParser`: one mail after the other, its files handed over instead of copied. A failure ends the thread. */
parentPort?.on('message', (raw: Uint8Array) => void answer(raw));
