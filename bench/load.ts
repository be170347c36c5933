/**
 * Sends requests for a while and prints what came back, as JSON. A process of its own, so that measuring does not slow what is measured.
 * `node bench/load.ts '{"url": …, "connections": 10, "seconds": 5}'`; a `body` makes it a POST, and each `[<id>]` in it another text every time.
 */
import autocannon from 'autocannon';
import type { Load, Loaded } from './measure.ts';

const load = JSON.parse(process.argv[2] ?? '{}') as Load;

const result = await autocannon({
  url: load.url,
  connections: load.connections,
  duration: load.seconds,
  ...(load.body === undefined ? {} : { method: 'POST' as const, body: load.body, idReplacement: true }),
  headers: { ...load.headers, ...(load.body === undefined ? {} : { 'content-type': 'application/json' }) },
});
const loaded: Loaded = {
  perSecond: result['2xx'] / result.duration,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
  failures: result.non2xx + result.errors + result.timeouts,
};
process.stdout.write(JSON.stringify(loaded));
