import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rootFolder } from '../../bin/settings.ts';
import type { App } from '../support/app.ts';
import { addKey, openStore, secretOf, type Store } from '../support/stores.ts';

interface Block {
  readonly language: string;
  readonly text: string;
  readonly name: string;
}

const page = await readFile(join(rootFolder, 'docs', 'integrators.md'), 'utf8');
const blocks: readonly Block[] = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match, index) => {
  const text = match[2] ?? '';
  return { language: match[1] ?? '', text, name: `${index}: ${text.split('\n')[0] ?? ''}` };
});
const ofLanguage = (language: string): Block[] => blocks.filter((block) => block.language === language);
const isPhpInstalled = ['/usr/bin/php', '/usr/local/bin/php'].some((path) => existsSync(path));

/** What the page says of the example. */
const promiseOf = (text: string): RegExp => {
  if (text.includes('/leads.csv')) return /^\uFEFFid;/;
  if (text.includes('/imports')) return /^\{"data":\{"id":"[\w-]+".*"state":"queued"/;
  if (text.includes('/api/v1/')) return /^\{"data":\[\{"id"/;
  if (!text.includes('--fail-with-body')) return /"code":"InvalidInput".*"path":"\/budget".*"path":"\/email"/;
  return text.includes('for attempt')
    ? /"status":"accepted".*"status":"duplicate"/
    : /^\{"id":"[\w-]+","status":"accepted","lead":"[\w-]+"\}$/;
};

describe('the examples in docs/integrators.md', () => {
  let store: Store;
  let app: App;
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  const run = async (program: string, args: readonly string[]): Promise<{ code: number | null; output: string }> => {
    const child = spawn(program, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => void child.once('close', resolve));
    return { code, output };
  };

  beforeAll(async () => {
    store = await openStore('sqlite', {});
    app = await store.start({ args: ['--role', 'api'] });
    folder = await mkdtemp(join(tmpdir(), 'leitwerk-docs-'));
    environment = {
      PATH: process.env['PATH'],
      LEITWERK: app.url,
      KEY: await secretOf(store, 'lead-agentur'),
      SECRET: await secretOf(store, 'facebook'),
      API_KEY: await addKey(store, { role: 'sales-manager' }),
    };
  });
  afterAll(async () => {
    await app.stop();
    await store.clear();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(ofLanguage('sh'))('run in a shell: $name', async ({ text }) => {
    const { code, output } = await run('bash', ['--norc', '-euo', 'pipefail', '-c', text]);
    expect([code, output]).toEqual([0, expect.stringMatching(promiseOf(text))]);
  });

  it.each(ofLanguage('js'))('run in Node: $name', async ({ text }) => {
    await writeFile(join(folder, 'example.mjs'), text);
    const { code, output } = await run(process.execPath, ['example.mjs']);
    expect([code, output]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}\n$/)]);
  });

  it.each(isPhpInstalled ? ofLanguage('php') : [])('run in PHP: $name', async ({ text }) => {
    await writeFile(join(folder, 'example.php'), text);
    const { code, output } = await run('php', ['example.php']);
    expect([code, output]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}\n$/)]);
  });

  it('name every answer that intake gives', async () => {
    const answers = page.slice(page.indexOf('\n## Answers\n')).split('\n## ')[1] ?? '';
    const codes = [...answers.matchAll(/^\| (\d{3}) \|/gm)].map((match) => match[1]);
    expect(codes).toEqual(['202', '200', '400', '401', '403', '404', '409', '413', '415', '422', '429', '503']);
  });

  it('are many enough to have been found', () => {
    expect([ofLanguage('sh').length, ofLanguage('js').length, ofLanguage('php').length]).toEqual([9, 2, 1]);
  });
});
