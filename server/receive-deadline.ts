import type { IncomingMessage } from 'node:http';

/** How long a body may take to come. */
export interface ReceiveRules {
  /** For the whole of an ordinary body. */
  readonly wholeMs: number;
  /** A large file is on its way as long as each of these periods brings this many bytes. */
  readonly periodMs: number;
  readonly bytesPerPeriod: number;
}

interface Receiving {
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
  const open = new Map<IncomingMessage, Receiving>();
  const isLate = (request: IncomingMessage, receiving: Receiving): boolean => {
    const elapsed = nowMs() - receiving.since;
    if (!receiving.isLarge) return elapsed >= rules.wholeMs;
    if (elapsed < rules.periodMs) return false;
    const { bytesRead } = request.socket;
    const isMoving = bytesRead - receiving.bytes >= rules.bytesPerPeriod;
    receiving.since = nowMs();
    receiving.bytes = bytesRead;
    return !isMoving;
  };
  return {
    watch: (request, isLarge) => {
      if (hasBody(request)) open.set(request, { isLarge, since: nowMs(), bytes: request.socket.bytesRead });
    },
    sweep: () => {
      for (const [request, receiving] of open) {
        if (request.complete || request.destroyed) open.delete(request);
        else if (isLate(request, receiving)) {
          open.delete(request);
          if (request.socket.writable) request.socket.write(answer);
          request.socket.destroySoon();
        }
      }
    },
  };
}
