import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LeitwerkError } from '../../core/errors.ts';
import { isSqliteInUse } from '../../store/sqlite-copy.ts';
import { dataPaths } from '../foundation.ts';
import { isPortTaken } from '../temporal/ports.ts';
import { writeBackup, readBackup } from './backup.ts';
import { positional, usage, type Call, type Command } from './command.ts';
import { examine } from './doctor.ts';

const doctor: Command = {
  name: 'doctor',
  text: 'Check that everything Leitwerk needs is there and sound',
  run: async (call) => {
    const findings = await examine(call);
    const lines = findings.map(({ isGood, name, text }) => `${isGood ? 'ok     ' : 'PROBLEM'} ${name}: ${text}`);
    const isGood = findings.every((finding) => finding.isGood);
    return { json: { ok: isGood, findings }, text: lines.join('\n'), exitCode: isGood ? 0 : 1 };
  },
};

const backup: Command = {
  name: 'backup',
  text: 'Write database, files and keys into one archive; the server may run meanwhile',
  positionals: ['<file>'],
  options: { force: { text: 'replace the file when it exists' } },
  run: async (call) => {
    const file = resolve(positional(call, 0, 'file'));
    if (!call.isOn('force') && (await exists(file)))
      throw usage(`${file} gibt es schon: --force ersetzt sie.`, `${file} exists already: --force replaces it.`);
    await assertWritable(dirname(file));
    await writeBackup(call, file);
    const { size } = await stat(file);
    return {
      json: { file, bytes: size },
      text: `${file} (${(size / 1_048_576).toFixed(1)} MB). It holds the keys, too: keep it safe.`,
    };
  },
};

const restore: Command = {
  name: 'restore',
  text: 'Put a backup in place of the data; what was there is kept beside it',
  positionals: ['<file>'],
  run: async (call) => {
    const file = resolve(positional(call, 0, 'file'));
    if (!(await exists(file))) throw usage(`${file} gibt es nicht.`, `${file} does not exist.`);
    await assertStopped(call);
    const kept = await readBackup(call, file);
    const text = kept === undefined ? `${file} is restored.` : `${file} is restored; the earlier data is in ${kept}.`;
    return { json: { file, kept: kept ?? null }, text };
  },
};

async function assertWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    const text = {
      de: `In den Ordner ${folder} lässt sich nicht schreiben.`,
      en: `The folder ${folder} cannot be written to.`,
    };
    throw new LeitwerkError('InvalidInput', { text, cause });
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function assertStopped({ settings }: Call): Promise<void> {
  const { port, dataFolder, databaseUrl } = settings;
  // The port of whoever runs there is not known for sure; an open database is.
  if (databaseUrl === undefined && isSqliteInUse(dataPaths(dataFolder).database)) {
    throw new LeitwerkError('Conflict', {
      text: {
        de: `Mit den Daten in ${dataFolder} arbeitet Leitwerk noch: zuerst beenden.`,
        en: `Leitwerk still works with the data in ${dataFolder}: stop it first.`,
      },
    });
  }
  if (!(await isPortTaken(port))) return;
  throw new LeitwerkError('Conflict', {
    text: {
      de: `Auf Port ${port} läuft Leitwerk noch: zuerst beenden.`,
      en: `Leitwerk still runs on port ${port}: stop it first.`,
    },
  });
}

export const maintenanceCommands: readonly Command[] = [doctor, backup, restore];
