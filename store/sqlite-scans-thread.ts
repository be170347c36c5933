import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import { createStatements, openReader } from './sqlite-connection.ts';
import type { ScanAnswer, ScanRequest } from './sqlite-scans.ts';
import { codeOf } from './violations.ts';

/** The other side of `SqliteScans`: answers each query in turn and ends when it is told to. */
const connection = openReader(String(workerData), 5_000);
const prepare = createStatements(connection);

const answer = ({ sql, params }: ScanRequest): ScanAnswer => {
  try {
    return { rows: prepare(sql).all(params) };
  } catch (error) {
    return { code: codeOf(error), message: messageOf(error) };
  }
};

parentPort?.on('message', (request: ScanRequest | 'close') => {
  if (request !== 'close') {
    parentPort?.postMessage(answer(request));
    return;
  }
  connection.close();
  parentPort?.close();
});
