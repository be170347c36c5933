import process from 'node:process';
import { text as readText } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { inLanguage, LeitwerkError, messageOf, type Language } from '../core/errors.ts';
import { accountCommands } from './cli/accounts.ts';
import { toIssueLine, usage, type Answer, type Call, type Command, type Option } from './cli/command.ts';
import { configCommands } from './cli/config.ts';
import { importCommands } from './cli/import.ts';
import { maintenanceCommands } from './cli/maintenance.ts';
import { sourceCommands } from './cli/sources.ts';
import { openFoundation, type Foundation } from './foundation.ts';
import { readLanguage, readSettings, roles } from './settings.ts';

/** To add a command: a `Command` in a file of `cli/`, and its list here. */
const commands: readonly Command[] = [
  ...accountCommands,
  ...sourceCommands,
  ...importCommands,
  ...configCommands,
  ...maintenanceCommands,
];

const everywhere: Readonly<Record<string, Option>> = {
  tenant: { value: 'ID', text: 'tenant (default: main)' },
  json: { text: 'answer as JSON' },
  help: { text: 'show this' },
};

/** Runs one command. Answers go to stdout, errors to stderr; resolves with the exit code. */
async function main(words: readonly string[]): Promise<number> {
  const language = readLanguage();
  const isJson = words.includes('--json');
  try {
    const answer = await dispatch(words, language);
    process.stdout.write(`${isJson ? JSON.stringify(answer.json) : answer.text}\n`);
    return answer.exitCode ?? 0;
  } catch (error) {
    if (!(error instanceof LeitwerkError)) throw error;
    process.stderr.write(`${isJson ? toJson(error, language) : toText(error, language)}\n`);
    return 1;
  }
}

async function dispatch(words: readonly string[], language: Language): Promise<Answer> {
  const command = findCommand(words);
  if (command === undefined) {
    const [first = 'help'] = words.filter((word) => !word.startsWith('-'));
    const group = commands.filter(({ name }) => name.startsWith(`${first} `));
    const text = overview(group.length === 0 ? undefined : group);
    if (words.includes('--help') && first === 'start') return toAnswer(startHelp);
    if (first === 'help' || (words.includes('--help') && group.length > 0)) return toAnswer(text);
    throw usage(`Unbekannter Befehl.\n${text}`, `Unknown command.\n${text}`);
  }
  if (words.includes('--help')) return toAnswer(helpOf(command));
  const opened: Foundation[] = [];
  try {
    return await command.run(parseCall(command, words, { language, opened }));
  } finally {
    for (const foundation of opened) await foundation.close();
  }
}

function findCommand(words: readonly string[]): Command | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, index) => words[index] === word));
}

function parseCall(
  command: Command,
  words: readonly string[],
  context: { language: Language; opened: Foundation[] },
): Call {
  const known = { ...command.options, ...everywhere };
  const { values, positionals } = parse(known, words.slice(command.name.split(' ').length), command);
  const settings = readSettings();
  const list = (name: string): string[] => [values[name] ?? []].flat().filter((value) => typeof value === 'string');
  let foundation: Promise<Foundation> | undefined;
  return {
    settings,
    language: context.language,
    positionals,
    option: (name) => list(name).at(-1) || undefined,
    options: list,
    isOn: (name) => values[name] === true,
    foundation: async () => {
      foundation ??= openFoundation(settings).then((made) => {
        context.opened.push(made);
        return made;
      });
      return await foundation;
    },
    readStdin: async () => await readText(process.stdin),
  };
}

function parse(known: Readonly<Record<string, Option>>, args: readonly string[], command: Command): Parsed {
  const options = Object.fromEntries(
    Object.entries(known).map(([name, option]) => [
      name,
      { type: option.value === undefined ? 'boolean' : 'string', multiple: option.isRepeatable === true } as const,
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const reason = messageOf(error);
    throw usage(`${reason}\n${helpOf(command)}`, `${reason}\n${helpOf(command)}`);
  }
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

const startText = { name: 'start', text: 'Start Leitwerk (as npm start)' };

/** The app reads its own options; the environment it reads is in docs/operators.md. */
const startHelp = [
  'leitwerk start',
  startText.text,
  '',
  `  ${`--role ${roles.join('|')}`.padEnd(32)}  what this process does (default: all)`,
  `  ${'--demo'.padEnd(32)}  fill an empty system with an invented company`,
].join('\n');

function overview(listed: readonly Pick<Command, 'name' | 'text'>[] = [startText, ...commands]): string {
  const width = Math.max(...listed.map(({ name }) => name.length));
  const lines = listed.map(({ name, text }) => `  ${name.padEnd(width)}  ${text}`);
  return ['leitwerk <command>', '', ...lines, '', 'leitwerk <command> --help tells more.'].join('\n');
}

function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...everywhere }).map(([name, option]) => {
    const left = option.value === undefined ? `--${name}` : `--${name} ${option.value}`;
    return `  ${left.padEnd(22)}${option.text}${option.isRequired === true ? ' (required)' : ''}`;
  });
  const positionals = (command.positionals ?? []).map((name) => ` ${name}`).join('');
  return [`leitwerk ${command.name}${positionals}`, command.text, '', ...options].join('\n');
}

const toAnswer = (text: string): Answer => ({ text, json: { help: text } });

const toText = (error: LeitwerkError, language: Language): string =>
  [error.text[language], ...error.issues.map(toIssueLine)].join('\n');

const toJson = (error: LeitwerkError, language: Language): string =>
  JSON.stringify({
    code: error.code,
    message: error.text[language],
    errors: error.issues.map((issue) => inLanguage(issue, language)),
    ...error.facts,
  });

process.exitCode = await main(process.argv.slice(2));
