import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { root } from './cache.mjs';
import { run, step } from './step.mjs';

/** What the browser's code is made of. */
const sources = ['admin-ui', 'core', 'schemas', 'package-lock.json', 'scripts/launch/interface.mjs'];
const ui = join(root, 'admin-ui');
const built = join(ui, 'dist');
const stamp = join(built, '.leitwerk-sources');

/** Pictures and fonts are compressed already. */
const compressible = /\.(css|html|js|json|svg|txt)$/;
const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

/** Builds the interface when its sources changed. Times and sizes are compared first, contents only when these differ. */
export async function buildInterface(node) {
  if (!existsSync(join(ui, 'index.html'))) return;
  const files = listFiles();
  const outline = digest(files.map(({ path, size, mtimeMs }) => `${path} ${size} ${mtimeMs}`));
  const [knownOutline, knownContent] = existsSync(stamp) ? readFileSync(stamp, 'utf8').split('\n') : [];
  if (outline === knownOutline) return;
  const content = digest(files.flatMap(({ path }) => [path, readFileSync(join(root, path))]));
  if (content !== knownContent) {
    await step('Building the interface (sources changed)', async () => {
      await run(node, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', ui, '--logLevel', 'warn'], {
        cwd: root,
        env: { ...process.env, NODE_ENV: 'production' },
        fix: 'The interface could not be built: correct the error above, then start again.',
      });
      await compressBuilt();
    });
  }
  writeFileSync(stamp, `${outline}\n${content}`);
}

/** Beside each file what `server/static-files.ts` sends to browsers that understand it. */
async function compressBuilt() {
  const paths = [built, join(built, 'assets')].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [],
  );
  await Promise.all(
    paths
      .filter((path) => compressible.test(path))
      .map(async (path) => {
        const bytes = await readFile(path);
        await writeFile(`${path}.br`, await brotli(bytes));
        await writeFile(`${path}.gz`, await gzip(bytes, { level: 9 }));
      }),
  );
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
