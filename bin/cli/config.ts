import type { Context } from '../../commands/context.ts';
import { join, resolve } from 'node:path';
import { exportConfig } from '../../commands/exportConfig.ts';
import { importConfig, validateConfig } from '../../commands/importConfig.ts';
import { readConfigFolder, writeConfigFolder, type ConfigFolder } from '../../store/config-files.ts';
import { rootFolder } from '../settings.ts';
import { positional, systemContext, toIssueLine, usage, type Call, type Command } from './command.ts';

const validate: Command = {
  name: 'config validate',
  text: 'Check a folder of configuration against what is in force; changes nothing',
  positionals: ['[dir]'],
  run: async (call) => {
    const dir = resolve(call.positionals[0] ?? join(rootFolder, 'config'));
    const folder = await readFolder(call, dir);
    const issues = await validateConfig(await publishingContext(call), folder);
    const verdict = issues.length === 0 ? 'all valid' : counted(issues.length, 'fault');
    const text = [...issues.map(toIssueLine), `${checked(folder)}, ${verdict}`].join('\n');
    return {
      json: { valid: issues.length === 0, files: folder.files.length, issues },
      text,
      exitCode: issues.length === 0 ? 0 : 1,
    };
  },
};

const importFolder: Command = {
  name: 'config import',
  text: 'Publish a folder of configuration: all of it, or nothing when a file is wrong',
  positionals: ['<dir>'],
  options: { comment: { value: 'TEXT', text: 'why, for the list of revisions' } },
  run: async (call) => {
    const folder = await readFolder(call, resolve(positional(call, 0, 'dir')));
    const published = await importConfig(await publishingContext(call), folder, call.option('comment'));
    const lines = published.map(({ kind, key, revision }) => `${kind}/${key}: revision ${revision}`);
    const outcome = lines.length === 0 ? 'nothing to change' : `${lines.length} published`;
    return { json: { published }, text: [...lines, `${checked(folder)}, ${outcome}`].join('\n') };
  },
};

const exportFolder: Command = {
  name: 'config export',
  text: 'Write the configuration in force into a folder, as import takes it',
  positionals: ['<dir>'],
  run: async (call) => {
    const dir = resolve(positional(call, 0, 'dir'));
    const files = await exportConfig(await systemContext(call));
    await writeConfigFolder(dir, files);
    return { json: { dir, files: files.map(({ file }) => file) }, text: `${files.length} files in ${dir}` };
  },
};

/** The connectors are loaded only here: other commands start without them. */
async function publishingContext(call: Call): Promise<Context> {
  const { presetRules } = await import('../../connectors/registry.ts');
  return { ...(await systemContext(call)), presets: presetRules };
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
const checked = ({ files }: ConfigFolder): string => `${counted(files.length, 'file')} checked`;

/** @throws LeitwerkError `InvalidInput` for a folder that cannot be read, or has nothing that could be wrong. */
async function readFolder(call: Call, dir: string): Promise<ConfigFolder> {
  const folder = await readConfigFolder(dir, call.language).catch(() => {
    throw usage(`Der Ordner ${dir} ist nicht lesbar.`, `The folder ${dir} cannot be read.`);
  });
  if (folder.files.length > 0 || folder.issues.length > 0) return folder;
  throw usage(
    `Im Ordner ${dir} liegt keine Einstellung (erwartet: <Art>/<Schlüssel>.yaml oder schemas/<Name>.json).`,
    `The folder ${dir} has no configuration (expected: <kind>/<key>.yaml or schemas/<name>.json).`,
  );
}

export const configCommands: readonly Command[] = [validate, importFolder, exportFolder];
