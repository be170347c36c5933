import { inject, type TestContext } from 'vitest';

/** What the run's global setup started once, for all test files of a project. Absent = not installed here. */
declare module 'vitest' {
  interface ProvidedContext {
    /** A data folder as set up on SQLite: a store of a test begins as a copy of it. */
    storeTemplate: string | undefined;
    /** `mysql://root@127.0.0.1:port/` for `createMariadbDatabase`. */
    mariadbUrl: string | undefined;
    /** `host:port` of a Temporal dev server that all files share: use a task queue and record ids of your own. */
    temporalAddress: string | undefined;
    chromiumPath: string | undefined;
    dovecotPath: string | undefined;
  }
}

const installed = {
  storeTemplate: 'No data folder could be set up',
  mariadbUrl: 'MariaDB is not installed (apt-get install mariadb-server)',
  temporalAddress: 'No Temporal server could be provided',
  chromiumPath: 'Chromium is not installed (apt-get install chromium)',
  dovecotPath: 'Dovecot is not installed (apt-get install dovecot-imapd)',
} as const;

/** Answers the address of a server, or skips the test with the reason. In CI the run has failed before. */
export function need(context: Pick<TestContext, 'skip'>, what: keyof typeof installed): string {
  const value = inject(what);
  return value ?? context.skip(installed[what]);
}
