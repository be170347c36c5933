import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** How long a body may take to come. */
export interface ReceiveRules {
  /** For the whole of an ordinary body. */
  readonly wholeMs: number;
  /** A large file is on its way as long as each of these periods brings this many bytes. */
  readonly periodMs: number;
  readonly bytesPerPeriod: number;
}

interface Receiving {
  readonly request: IncomingMessage;
  readonly isLarge: boolean;
  since: number;
  bytes: number;
}

/** Breaks off bodies that do not come: slow ones on purpose must not keep connections, slow lines must be able to bring a large file. */
export interface ReceiveDeadline {
  watch(request: IncomingMessage, isLarge: boolean): void;
  /** Looks at all that are being received; to be called every few seconds. */
  sweep(): void;
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const answer = 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

export function createReceiveDeadline(rules: ReceiveRules, nowMs: () => number): ReceiveDeadline {
  /** By connection: each receives one body at a time, and a finished request is not kept until the next look. */
  const open = new Map<Socket, Receiving>();
  const isLate = (receiving: Receiving): boolean => {
    const elapsed = nowMs() - receiving.since;
    if (!receiving.isLarge) return elapsed >= rules.wholeMs;
    if (elapsed < rules.periodMs) return false;
    const { bytesRead } = receiving.request.socket;
    const isMoving = bytesRead - receiving.bytes >= rules.bytesPerPeriod;
    receiving.since = nowMs();
    receiving.bytes = bytesRead;
    return !isMoving;
  };
  return {
    watch: (request, isLarge) => {
      const { socket } = request;
      if (hasBody(request)) open.set(socket, { request, isLarge, since: nowMs(), bytes: socket.bytesRead });
    },
    sweep: () => {
      for (const [socket, receiving] of open) {
        const { request } = receiving;
        if (request.complete || request.destroyed) open.delete(socket);
        else if (isLate(receiving)) {
          open.delete(socket);
          if (socket.writable) socket.write(answer);
          socket.destroySoon();
        }
      }
    },
  };
}
