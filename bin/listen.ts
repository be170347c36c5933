import type { Server } from 'node:http';
import { LeitwerkError } from '../core/errors.ts';
import type { Settings } from './settings.ts';

/** More than any kernel's own limit, which then counts. */
const waitingConnections = 65_535;

/**
 * Opens the port.
 * @throws LeitwerkError `Misconfigured` naming PORT or HOST when it is taken or not allowed.
 */
export async function listen(server: Server, settings: Pick<Settings, 'host' | 'port'>): Promise<void> {
  const { host, port } = settings;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reasons: Readonly<Record<string, { de: string; en: string }>> = {
        EADDRINUSE: {
          de: `Port ${port} ist schon belegt: das andere Programm beenden oder PORT auf einen freien Port setzen.`,
          en: `Port ${port} is taken already: end the other program or set PORT to a free one.`,
        },
        EACCES: {
          de: `Port ${port} ist nicht erlaubt: PORT auf einen Wert über 1023 setzen.`,
          en: `Port ${port} is not allowed: set PORT to a value above 1023.`,
        },
        EADDRNOTAVAIL: {
          de: `Die Adresse ${host} gibt es hier nicht: HOST prüfen.`,
          en: `The address ${host} does not exist here: check HOST.`,
        },
      };
      const text = reasons[cause.code ?? ''] ?? {
        de: `HOST/PORT: ${cause.message}`,
        en: `HOST/PORT: ${cause.message}`,
      };
      reject(new LeitwerkError('Misconfigured', { text, cause }));
    });
    // A burst waits in the kernel until we get to it; with Node's 511 places the kernel would break connections instead.
    server.listen({ port, host, backlog: waitingConnections }, () => resolve());
  });
}
