/** `npm run check`: everything that must hold before a commit, the fast things first. Goes on after a failure and names all. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Paths of the programs, so that the check needs no npm and no shell. */
const bin = {
  tsc: 'node_modules/typescript/bin/tsc',
  oxlint: 'node_modules/oxlint/bin/oxlint',
  oxfmt: 'node_modules/oxfmt/bin/oxfmt',
  knip: 'node_modules/knip/bin/knip.js',
  vitest: 'node_modules/vitest/vitest.mjs',
};

/** Generators answer with exit code 1 when `--check` finds what they would write to be different. */
const generators = readdirSync(join(root, 'scripts')).filter((name) => /^generate-.*\.ts$/.test(name));

const steps: readonly (readonly [name: string, ...command: string[]])[] = [
  ['formatted', bin.oxfmt, '--check', '.'],
  ...generators.map((name) => [`${name} would write the same`, join('scripts', name), '--check'] as const),
  ['types', bin.tsc, '--noEmit', '-p', '.'],
  ['types of the interface', bin.tsc, '--noEmit', '-p', 'admin-ui'],
  ['lint', bin.oxlint, '-c', 'oxlintrc.json', '--type-aware', '.'],
  ['nothing unused', bin.knip],
  // CI runs them with all the others.
  ...(process.argv.includes('--no-tests') ? [] : [['unit tests', bin.vitest, 'run', '--project', 'unit'] as const]),
];

const failed: string[] = [];
for (const [name, program, ...args] of steps) {
  if (program === undefined || !existsSync(join(root, program))) continue;
  const startedAt = Date.now();
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.log(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
