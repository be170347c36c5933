import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './cache.mjs';
import { runNpm } from './node.mjs';
import { SetupError, step } from './step.mjs';

/** Installs the dependencies when the lockfile changed since the last time. */
export async function provideDependencies(node) {
  const lockfile = join(root, 'package-lock.json');
  if (!existsSync(lockfile))
    throw new SetupError('package-lock.json is missing: this is not a complete clone. Clone again.');
  const text = readFileSync(lockfile, 'utf8');
  const hash = createHash('sha256').update(text).digest('hex');
  const stamp = join(root, 'node_modules', '.leitwerk-lockfile');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  if (!isInstalled(JSON.parse(text))) {
    await step('Installing dependencies (package-lock.json changed)', () =>
      runNpm(['ci'], {
        cwd: root,
        node,
        fix: 'Dependencies could not be installed. Check the network, the npm registry setting and free disk space, then start again.',
      }),
    );
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

/** npm keeps beside the packages what it installed: when that is what the lockfile says, there is nothing to do. */
function isInstalled(wanted) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted.packages).every(
    ([path, entry]) => path === '' || entry.optional === true || installed[path]?.version === entry.version,
  );
}
