import { connect, createServer } from 'node:net';
import { LeitwerkError } from '../../core/errors.ts';
import type { TemporalSettings } from '../settings.ts';
import { isTemporal } from './rpc.ts';

export async function findFreePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Whether something listens on the port of this machine. */
export async function isPortTaken(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isTaken: boolean): void => {
      socket.destroy();
      resolve(isTaken);
    };
    socket.setTimeout(1000, () => answer(true));
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

/** @throws LeitwerkError `Misconfigured` naming the port that is taken, by whom, and the setting that helps. */
export async function assertPortsFree({ port, uiPort }: Pick<TemporalSettings, 'port' | 'uiPort'>): Promise<void> {
  if (await isPortTaken(port))
    throw (await isTemporal(`127.0.0.1:${port}`)) ? otherTemporal(port) : taken('TEMPORAL_PORT', port);
  if (await isPortTaken(uiPort)) throw taken('TEMPORAL_UI_PORT', uiPort);
}

function otherTemporal(port: number): LeitwerkError {
  return new LeitwerkError('Misconfigured', {
    text: {
      de: `Auf Port ${port} antwortet schon ein Temporal-Server: TEMPORAL_PORT auf einen freien Port setzen, oder TEMPORAL_ADDRESS=127.0.0.1:${port}, um ihn zu benutzen.`,
      en: `Another Temporal server already answers on port ${port}: set TEMPORAL_PORT to a free port, or TEMPORAL_ADDRESS=127.0.0.1:${port} to use that one.`,
    },
  });
}

function taken(setting: string, port: number): LeitwerkError {
  return new LeitwerkError('Misconfigured', {
    text: {
      de: `Port ${port} für Temporal ist belegt: ${setting} auf einen freien Port setzen.`,
      en: `Port ${port} for Temporal is in use: set ${setting} to a free port.`,
    },
  });
}
