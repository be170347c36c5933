import type { ServerResponse } from 'node:http';
import type { Answer } from './route.ts';

const bodyOf = (answer: Answer): { bytes: Uint8Array; type: string } | undefined => {
  if (answer.json !== undefined)
    return { bytes: Buffer.from(JSON.stringify(answer.json)), type: 'application/json; charset=utf-8' };
  if (answer.text !== undefined) return { bytes: Buffer.from(answer.text), type: 'text/plain; charset=utf-8' };
  return answer.bytes === undefined ? undefined : { bytes: answer.bytes, type: 'application/octet-stream' };
};

/** Writes an answer with its length. */
export function respond(response: ServerResponse, answer: Answer): void {
  if (answer.isHandled === true) return;
  const body = bodyOf(answer);
  response.statusCode = answer.status ?? (body === undefined ? 204 : 200);
  if (body !== undefined) {
    response.setHeader('content-type', body.type);
    response.setHeader('content-length', body.bytes.byteLength);
  }
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.end(body?.bytes);
}
