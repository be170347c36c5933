import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { cacheFolder } from './cache.mjs';
import { run, step } from './step.mjs';

const needed = [24, 15];
const provided = '24.21.0';

export function isNewEnough(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
}

/** Answers the path of a Node that is new enough: the running one, or one from npm kept in the cache folder. */
export async function provideNode() {
  if (isNewEnough()) return process.execPath;
  const folder = join(cacheFolder(), `node-${provided}`);
  const found = executable(folder);
  if (existsSync(found)) return found;
  await step(`Providing Node ${provided} (found ${process.versions.node}, needed ${needed.join('.')})`, () =>
    install(folder),
  );
  return executable(folder);
}

function packageName() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return `node-${platform}-${process.arch}`;
}

function executable(folder) {
  return join(folder, 'node_modules', packageName(), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

async function install(folder) {
  // Installed beside and renamed: a half-finished download never looks like a finished one.
  const unfinished = `${folder}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    await runNpm(['install', '--prefix', unfinished, '--no-save', `${packageName()}@${provided}`], {
      cwd: unfinished,
      fix: `Node ${provided} could not be fetched from npm. Install Node ${needed.join('.')} or newer yourself (https://nodejs.org) and start again.`,
    });
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Runs npm quietly, with `node` (default: the running one) as the Node it uses. */
export async function runNpm(args, { cwd, fix, node = process.execPath }) {
  const quiet = [...args, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
    npm_config_update_notifier: 'false',
  };
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return run(node, [cli, ...quiet], { cwd, env, fix });
  return run('npm', quiet, { cwd, env, fix, shell: process.platform === 'win32' });
}
