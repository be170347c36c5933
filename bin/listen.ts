import type { Server } from 'node:net';
import { LeitwerkError } from '../core/errors.ts';

/** More than any kernel's own limit, which then counts. */
const waitingConnections = 65_535;

/**
 * Opens the port.
 * @param setting name of the setting that the port comes from
 * @throws LeitwerkError `Misconfigured` naming that setting or HOST when it is taken or not allowed.
 */
export async function listen(
  server: Server,
  place: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<void> {
  const { host, port, setting } = place;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const unknownHost = {
        de: `Die Adresse ${host} gibt es hier nicht: HOST auf eine Adresse dieses Rechners setzen (127.0.0.1, oder 0.0.0.0 für alle).`,
        en: `The address ${host} does not exist here: set HOST to an address of this machine (127.0.0.1, or 0.0.0.0 for all).`,
      };
      const reasons: Readonly<Record<string, { de: string; en: string }>> = {
        EADDRINUSE: {
          de: `Port ${port} ist schon belegt: das andere Programm beenden oder ${setting} auf einen freien Port setzen.`,
          en: `Port ${port} is taken already: end the other program or set ${setting} to a free one.`,
        },
        EACCES: {
          de: `Port ${port} ist nicht erlaubt: ${setting} auf einen Wert über 1023 setzen.`,
          en: `Port ${port} is not allowed: set ${setting} to a value above 1023.`,
        },
        EADDRNOTAVAIL: unknownHost,
        ENOTFOUND: unknownHost,
        EAI_AGAIN: unknownHost,
      };
      const text = reasons[cause.code ?? ''] ?? {
        de: `HOST/${setting}: ${cause.message}`,
        en: `HOST/${setting}: ${cause.message}`,
      };
      reject(new LeitwerkError('Misconfigured', { text, cause }));
    });
    // A burst waits in the kernel until we get to it; with Node's 511 places the kernel would break connections instead.
    server.listen({ port, host, backlog: waitingConnections }, () => resolve());
  });
}
