import { parentPort } from 'node:worker_threads';
import { parseMail } from './parse-mail.ts';

/** The other side of `createMailParser`: one mail after the other, its files handed over instead of copied. */
parentPort?.on('message', (raw: Uint8Array) => {
  void parseMail(raw).then((mail) => {
    const buffers = new Set(mail.attachments.map(({ content }) => content.buffer as ArrayBuffer));
    parentPort?.postMessage(mail, [...buffers]);
  });
});
