import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './cache.mjs';
import { run, step } from './step.mjs';

/** What the browser's code is made of. */
const sources = ['admin-ui', 'core', 'schemas', 'package-lock.json'];
const ui = join(root, 'admin-ui');
const stamp = join(ui, 'dist', '.leitwerk-sources');

/** Builds the interface when its sources changed. Times and sizes are compared first, contents only when these differ. */
export async function buildInterface(node) {
  if (!existsSync(join(ui, 'index.html'))) return;
  const files = listFiles();
  const outline = digest(files.map(({ path, size, mtimeMs }) => `${path} ${size} ${mtimeMs}`));
  const [knownOutline, knownContent] = existsSync(stamp) ? readFileSync(stamp, 'utf8').split('\n') : [];
  if (outline === knownOutline) return;
  const content = digest(files.flatMap(({ path }) => [path, readFileSync(join(root, path))]));
  if (content !== knownContent) {
    await step('Building the interface (sources changed)', () =>
      run(node, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', ui, '--logLevel', 'warn'], {
        cwd: root,
        env: { ...process.env, NODE_ENV: 'production' },
        fix: 'The interface could not be built: correct the error above, then start again.',
      }),
    );
  }
  writeFileSync(stamp, `${outline}\n${content}`);
}

function listFiles() {
  const files = [];
  const visit = (path) => {
    const stat = statSync(join(root, path));
    if (!stat.isDirectory()) files.push({ path, size: stat.size, mtimeMs: stat.mtimeMs });
    else if (path !== 'admin-ui/dist' && !path.endsWith('/node_modules')) {
      for (const name of readdirSync(join(root, path)).sort()) visit(`${path}/${name}`);
    }
  };
  for (const path of sources) visit(path);
  return files;
}

function digest(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('hex');
}
