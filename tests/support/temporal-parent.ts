import { startTemporal } from './temporal.ts';

/** A process that runs Temporal's server and tells its process id, for tests that kill this process. */
const server = await startTemporal(process.argv[2]);
process.send?.(server.pid());
