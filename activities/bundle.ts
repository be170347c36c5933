import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const workflowsFolder = fileURLToPath(new URL('../workflows/', import.meta.url));
const program = fileURLToPath(new URL('bundle-program.ts', import.meta.url));
const sdkManifest = fileURLToPath(import.meta.resolve('@temporalio/workflow/package.json'));

const hashSources = async (): Promise<string> => {
  const hash = createHash('sha256')
    .update(await readFile(sdkManifest))
    .update(await readFile(program));
  const names = (await readdir(workflowsFolder)).filter((name) => name.endsWith('.ts')).toSorted();
  for (const name of names) hash.update(name).update(await readFile(join(workflowsFolder, name)));
  return hash.digest('hex').slice(0, 16);
};

const isThere = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );

/**
 * The workflows as one JavaScript file, made when their sources or the SDK changed (1–2 s, in a process of its own, because webpack
 * would stay in memory) and kept in `cacheFolder`. Answers its path. Workflows import nothing of ours but each other and types.
 */
export async function provideBundle(cacheFolder: string): Promise<string> {
  await mkdir(cacheFolder, { recursive: true });
  const path = join(cacheFolder, `workflows-${await hashSources()}.js`);
  if (await isThere(path)) return path;
  const draft = `${path}.${process.pid}.tmp`;
  await promisify(execFile)(process.execPath, [program, workflowsFolder, draft]);
  await rename(draft, path);
  const old = (await readdir(cacheFolder)).filter(
    (name) => name.startsWith('workflows-') && name.endsWith('.js') && !path.endsWith(name),
  );
  await Promise.all(old.map(async (name) => await unlink(join(cacheFolder, name)).catch(() => undefined)));
  return path;
}
