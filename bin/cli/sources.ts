import { rotateSource } from '../../commands/rotateSource.ts';
import { sourceOf, type Source } from '../../commands/source.ts';
import { sourceAddress } from '../../server/source-address.ts';
import { positional, systemContext, toTable, type Command } from './command.ts';

const list: Command = {
  name: 'source list',
  text: 'List the sources with their addresses',
  run: async (call) => {
    const { snapshot, language } = await systemContext(call);
    const sources = [...snapshot.config('sources').values()].map(({ value }) => {
      const source = value as Source;
      const { key, label, auth, isActive } = source;
      const addresses = sourceAddress(call.settings.publicUrl, snapshot, source);
      return { source: key, label, auth, isActive: isActive !== false, ...addresses };
    });
    const rows = sources.map(({ source, label, auth, isActive, url }) => [
      source,
      label[language],
      auth,
      isActive ? 'active' : 'off',
      url,
    ]);
    return { json: sources, text: toTable(['source', 'label', 'auth', 'state', 'address'], rows) };
  },
};

const rotate: Command = {
  name: 'source rotate',
  text: 'Make a new secret for a source and show it this once; the former one is void at once',
  positionals: ['<source>'],
  run: async (call) => {
    const ctx = await systemContext(call);
    const { secrets } = await call.foundation();
    const { source, auth, secret } = await rotateSource(ctx, secrets, positional(call, 0, 'source'));
    const { url } = sourceAddress(call.settings.publicUrl, ctx.snapshot, sourceOf(ctx.snapshot, source));
    return { json: { source, url, auth, secret }, text: [url, auth, ...(secret === null ? [] : [secret])].join('\n') };
  },
};

export const sourceCommands: readonly Command[] = [list, rotate];
