/**
 * `npm start`, `npm test`, `npm run check`, `npm run bench`: provides what is missing on a fresh machine, then runs the command.
 * Plain JavaScript for any Node ≥ 18; what follows runs on Node ≥ 24.15.
 */
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder, root } from './launch/cache.mjs';
import { provideDependencies } from './launch/dependencies.mjs';
import { buildInterface } from './launch/interface.mjs';
import { isNewEnough, provideNode } from './launch/node.mjs';
import { runInstead, SetupError } from './launch/step.mjs';

const programs = {
  start: 'bin/leitwerk.ts',
  test: 'node_modules/vitest/vitest.mjs',
  check: 'scripts/check.ts',
  bench: 'bench/run.ts',
};

async function launch([command = 'start', ...args]) {
  const program = programs[command];
  if (program === undefined)
    throw new SetupError(`Unknown command "${command}". Known: ${Object.keys(programs).join(', ')}.`);
  const node = await provideNode();
  await provideDependencies(node);
  if (needsInterface(command, args)) await buildInterface(node);
  const programArgs = command === 'test' ? ['run', ...args] : args;
  const path = join(root, program);
  if (!isNewEnough())
    return runInstead(node, [path, ...programArgs], {
      env: { ...process.env, NODE_COMPILE_CACHE: join(cacheFolder(), 'compiled') },
    });
  keepCompiled();
  // In this very process: one process less in memory, and nothing between it and whoever sends signals.
  process.argv = [process.execPath, path, ...programArgs];
  await import(pathToFileURL(path).href);
  return undefined;
}

/** Node keeps what it compiled, TypeScript included: half the time and a fifth of the memory of a warm start. */
function keepCompiled() {
  const folder = join(cacheFolder(), 'compiled');
  module.enableCompileCache(folder);
  process.env.NODE_COMPILE_CACHE = folder;
  // Kept now, not only at the end: a process that is killed has no end.
  setTimeout(() => module.flushCompileCache(), 5000).unref();
}

function needsInterface(command, args) {
  if (command === 'check') return false;
  if (command === 'test') return !args.includes('--project') || args.includes('e2e');
  return !args.includes('--role') || args.includes('api');
}

/** Ends us when npm has ended, however it did: it tells only the shell that it runs us in, if anyone. */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const lineage = () => `${process.ppid} ${parentOf(process.ppid)}`;
  const born = lineage();
  const watch = setInterval(() => {
    if (lineage() === born) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 1000).unref();
}

/** Empty where the system does not say. */
function parentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1];
  } catch {
    return '';
  }
}

endWithNpm();
try {
  const code = await launch(process.argv.slice(2));
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
