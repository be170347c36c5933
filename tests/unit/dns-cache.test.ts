import { describe, expect, it } from 'vitest';
import { keepAnswers, type DnsResolver } from '../../connectors/mail/dns-cache.ts';

const failure = (code: string): Error => Object.assign(new Error(code), { code });

describe('answers of DNS', () => {
  const asked: string[] = [];
  let now = 0;
  let answer: DnsResolver = async () => await Promise.resolve(['10.0.0.1']);
  const resolve = keepAnswers(
    async (name, type) => {
      asked.push(`${type} ${name}`);
      return await answer(name, type);
    },
    () => now,
  );
  const ask = async (name: string): Promise<unknown> => await resolve(name, 'A').catch((error: Error) => error.message);

  it('are asked for once by several at once, and again after a minute', async () => {
    expect(await Promise.all([ask('one.example'), ask('one.example')])).toEqual([['10.0.0.1'], ['10.0.0.1']]);
    now += 59_000;
    await ask('one.example');
    expect(asked.splice(0)).toEqual(['A one.example']);
    now += 2_000;
    await ask('one.example');
    expect(asked.splice(0)).toEqual(['A one.example']);
  });

  it('are kept where a name does not exist, and not where nobody answered', async () => {
    answer = async () => await Promise.reject(failure('ENOTFOUND'));
    expect([await ask('none.example'), await ask('none.example')]).toEqual(['ENOTFOUND', 'ENOTFOUND']);
    expect(asked.splice(0)).toEqual(['A none.example']);

    answer = async () => await Promise.reject(failure('ETIMEOUT'));
    expect([await ask('slow.example'), await ask('slow.example')]).toEqual(['ETIMEOUT', 'ETIMEOUT']);
    expect(asked.splice(0)).toEqual(['A slow.example', 'A slow.example']);
  });

  it('leave, the oldest first, when there are very many', async () => {
    answer = async () => await Promise.resolve([]);
    for (let index = 0; index < 2_001; index += 1) await ask(`${index}.example`);
    asked.length = 0;
    await ask('2000.example');
    await ask('0.example');

    expect(asked).toEqual(['A 0.example']);
  });
});
