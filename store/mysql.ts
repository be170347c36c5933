import mysql from 'mysql2/promise';
import { LeitwerkError, messageOf, type Text } from '../core/errors.ts';
import type { Database, Eventually, Queries, Row, Tx, Value } from './database.ts';
import { failpoint } from './failpoints.ts';
import { codeOf } from './violations.ts';

const attempts = 3;
const repeatable = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT']);
const away =
  /^(PROTOCOL_CONNECTION_LOST|PROTOCOL_SEQUENCE_TIMEOUT|ECONN|EPIPE|ETIMEDOUT|ENOENT|EAI_AGAIN|ENOTFOUND|POOL_|ER_SERVER_SHUTDOWN|ER_CON_COUNT|ER_DISK_FULL|ER_RECORD_FILE_FULL|ER_OPTION_PREVENTS|ER_CONNECTION_KILLED|ER_TOO_MANY_USER|SQLITE_)/;

const isAway = (error: unknown): boolean =>
  away.test(codeOf(error)) ||
  (error instanceof Error && /closed state|pool is closed|queue limit/i.test(error.message));

const isDenied = (error: unknown): boolean => /^ER_(TABLE|COLUMN|DB|SPECIFIC_)ACCESS_DENIED_ERROR$/.test(codeOf(error));

const translate = (error: unknown): unknown => {
  if (isDenied(error))
    return new LeitwerkError('Unavailable', {
      cause: error,
      retryAfterSeconds: 60,
      text: {
        de: 'Dem Nutzer in DATABASE_URL fehlen Rechte in der Datenbank: GRANT ALL ON <Datenbank>.* TO <Nutzer> (SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES).',
        en: 'The user in DATABASE_URL lacks rights in the database: GRANT ALL ON <database>.* TO <user> (SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES).',
      },
    });
  if (isAway(error) || repeatable.has(codeOf(error)))
    return new LeitwerkError('Unavailable', { cause: error, retryAfterSeconds: 2 });
  return error;
};

const refused = {
  de: 'der Zugang wird verweigert, Nutzer und Passwort prüfen',
  en: 'access is denied, check user and password',
};
const unknownHost = { de: 'diesen Rechner gibt es nicht', en: 'there is no such host' };
const reasons: Readonly<Record<string, Text>> = {
  ECONNREFUSED: {
    de: 'dort nimmt nichts Verbindungen an, prüfen, ob der Server auf diesem Port läuft',
    en: 'nothing accepts connections there, check that the server is running on this port',
  },
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ETIMEDOUT: { de: 'keine Antwort in 5 Sekunden', en: 'no answer within 5 seconds' },
  ER_ACCESS_DENIED_ERROR: refused,
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: refused,
  ER_DBACCESS_DENIED_ERROR: {
    de: 'diese Datenbank gibt es nicht, oder der Nutzer darf nicht hinein',
    en: 'there is no such database, or the user may not use it',
  },
  ER_BAD_DB_ERROR: { de: 'diese Datenbank gibt es dort nicht', en: 'there is no such database there' },
};

/** Why a connection did not come about. */
const reasonOf = (error: unknown): Text => {
  const cause = error instanceof LeitwerkError ? error.cause : error;
  const other = messageOf(cause);
  return reasons[codeOf(cause)] ?? { de: other, en: other };
};

type Executor = Pick<mysql.Pool | mysql.PoolConnection, 'execute'>;

const rowsOf = async <T>(executor: Executor, sql: string, params: readonly Value[]): Promise<T[]> => {
  const [rows] = await executor.execute(sql, params as mysql.ExecuteValues);
  return rows as T[];
};

/**
 * Opens a pool on `mysql://user:password@host:port/database`. Every connection is UTC, strict and READ COMMITTED.
 * @throws LeitwerkError `Misconfigured` when the address is unreadable, `Unavailable` when nothing answers there.
 */
export async function openMysql(url: string): Promise<Database> {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol !== 'mysql:' || address.pathname.length < 2) {
    throw new LeitwerkError('Misconfigured', {
      text: {
        de: 'DATABASE_URL muss die Form mysql://nutzer:passwort@rechner:3306/datenbank haben.',
        en: 'DATABASE_URL must look like mysql://user:password@host:3306/database.',
      },
    });
  }
  const pool = mysql.createPool({
    host: address.hostname,
    port: Number(address.port || 3306),
    user: decodeURIComponent(address.username),
    password: decodeURIComponent(address.password),
    database: decodeURIComponent(address.pathname.slice(1)),
    ...(address.searchParams.get('ssl') === 'true' ? { ssl: {} } : {}),
    charset: 'utf8mb4',
    timezone: 'Z',
    connectionLimit: 12,
    queueLimit: 2_000,
    connectTimeout: 5_000,
    maxPreparedStatements: 400,
    flags: ['FOUND_ROWS'],
  });
  pool.pool.on('connection', (connection) => {
    connection.query("SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'");
    connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  });
  const database = new MysqlDatabase(pool);
  try {
    await database.get('SELECT 1 AS one');
  } catch (cause) {
    await pool.end();
    const reason = reasonOf(cause);
    const place = `${address.host}${address.pathname}`;
    throw new LeitwerkError('Unavailable', {
      cause,
      text: {
        de: `Die Datenbank unter DATABASE_URL (${place}) lässt sich nicht öffnen: ${reason.de}.`,
        en: `The database at DATABASE_URL (${place}) cannot be opened: ${reason.en}.`,
      },
    });
  }
  return database;
}

class MysqlDatabase implements Database {
  readonly dialect = 'mysql';
  readonly #pool: mysql.Pool;
  /** Writes that nobody may be waiting for any more; closing does. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(pool: mysql.Pool) {
    this.#pool = pool;
  }

  get scans(): Queries {
    return this;
  }

  async all<T = Row>(sql: string, params: readonly Value[] = []): Promise<T[]> {
    try {
      return await rowsOf<T>(this.#pool, sql, params);
    } catch (error) {
      throw translate(error);
    }
  }

  async get<T = Row>(sql: string, params: readonly Value[] = []): Promise<T | undefined> {
    return (await this.all<T>(sql, params))[0];
  }

  async write<T>(work: (tx: Tx) => Eventually<T>): Promise<T> {
    const running = this.#write(work);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #write<T>(work: (tx: Tx) => Eventually<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (attempt >= attempts || !repeatable.has(codeOf(error))) throw translate(error);
      }
    }
  }

  async ddl(plan: (queries: Queries) => Eventually<readonly string[]>): Promise<void> {
    try {
      const connection = await this.#pool.getConnection();
      try {
        await lockSchema(connection);
        for (const statement of await plan(queriesOn(connection))) await connection.query(statement);
      } finally {
        // The server lets go of the lock with its connection.
        connection.destroy();
      }
    } catch (error) {
      throw translate(error);
    }
  }

  async close(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#pool.end();
  }

  async #attempt<T>(work: (tx: Tx) => Eventually<T>): Promise<T> {
    const connection = await this.#pool.getConnection();
    const afterCommit: (() => void)[] = [];
    let isBroken = false;
    try {
      await connection.beginTransaction();
      const value = await work(transaction(connection, afterCommit));
      failpoint('commit');
      await connection.commit();
      for (const done of afterCommit) done();
      return value;
    } catch (error) {
      isBroken = isAway(error);
      if (!isBroken) await connection.rollback();
      throw error;
    } finally {
      if (isBroken) connection.destroy();
      else connection.release();
    }
  }
}

const schemaPatienceSeconds = 60;

/** Until the connection ends. Of this database only: names of locks are those of the whole server. */
const lockSchema = async (connection: mysql.PoolConnection): Promise<void> => {
  const [lock] = await rowsOf<{ isOurs: number | null }>(
    connection,
    "SELECT GET_LOCK(CONCAT('leitwerk ', MD5(DATABASE())), ?) AS isOurs",
    [schemaPatienceSeconds],
  );
  if (lock?.isOurs === 1) return;
  throw new LeitwerkError('Unavailable', {
    retryAfterSeconds: 10,
    text: {
      de: `Ein anderer Prozess ändert seit über ${schemaPatienceSeconds} s die Tabellen dieser Datenbank: warten, bis er fertig ist.`,
      en: `Another process has been changing the tables of this database for over ${schemaPatienceSeconds} s: wait until it is done.`,
    },
  });
};

const queriesOn = (connection: mysql.PoolConnection): Queries => ({
  dialect: 'mysql',
  all: async <T>(sql: string, params: readonly Value[] = []) => await rowsOf<T>(connection, sql, params),
  get: async <T>(sql: string, params: readonly Value[] = []) => (await rowsOf<T>(connection, sql, params))[0],
});

const transaction = (connection: mysql.PoolConnection, afterCommit: (() => void)[]): Tx => ({
  ...queriesOn(connection),
  run: async (sql, params = []) => {
    failpoint('write');
    const [result] = await connection.execute<mysql.ResultSetHeader>(sql, params as mysql.ExecuteValues);
    return { changes: result.affectedRows, insertId: result.insertId };
  },
  afterCommit: (work) => void afterCommit.push(work),
});
