#!/usr/bin/env node
/** `npx leitwerk <command>` with any Node ≥ 18: provides the Node we need, then runs the command. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { provideDependencies } from '../scripts/launch/dependencies.mjs';
import { isNewEnough, provideNode } from '../scripts/launch/node.mjs';
import { runInstead, SetupError } from '../scripts/launch/step.mjs';

async function main(args) {
  if (args[0] === 'start' && !args.includes('--help')) {
    await import('../scripts/launch.mjs');
    return;
  }
  const node = await provideNode();
  await provideDependencies(node);
  const program = fileURLToPath(new URL('cli.ts', import.meta.url));
  if (isNewEnough()) await import(pathToFileURL(program).href);
  else process.exitCode = await runInstead(node, [program, ...args]);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
