import type { ProvidedContext } from 'vitest';
import type { TestProject } from 'vitest/node';

interface Server {
  readonly value: string;
  readonly stop?: () => Promise<void>;
}

interface Shared {
  users: number;
  readonly server: Promise<Server | undefined>;
}

type Provided = keyof ProvidedContext;

/** Several projects of one run share a server: the first one starts it, the last one ends it. */
const kept = ((globalThis as { leitwerkTestServers?: Map<Provided, Shared> }).leitwerkTestServers ??= new Map());

/**
 * Provides a server to a project. Where it is missing, tests are skipped with a reason; with CI=true the run fails.
 * @returns what vitest calls at the end of the project
 */
export async function provideOnce(
  project: TestProject,
  name: Provided,
  start: () => Promise<Server | undefined>,
): Promise<() => Promise<void>> {
  const shared = kept.get(name) ?? { users: 0, server: start() };
  kept.set(name, shared);
  shared.users += 1;
  const server = await shared.server;
  if (server === undefined && process.env['CI'] === 'true') throw new Error(`${name}: this must be present in CI`);
  project.provide(name, server?.value);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    kept.delete(name);
    await server?.stop?.();
  };
}
