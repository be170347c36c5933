import { describe, expect, it } from 'vitest';
import { hashPassword, verifyPassword } from '../../commands/accounts/password.ts';
import { passwordIssues } from '../../commands/accounts/password-rules.ts';

const person = { email: 'anna.berger@muster-bau.de', name: 'Anna Berger' };
const faultOf = (password: string): string | undefined => passwordIssues(password, person, 'de')[0]?.code;

describe('S30: rules for new passwords', () => {
  it.each(['kaffee regen laterne', 'Xk29-vvq2-Lp', 'ein Pferd aus Blech', 'ünïcödé-zäune', 'Anna kauft 12 Fahrräder'])(
    'takes %s',
    (password) => {
      expect(faultOf(password)).toBeUndefined();
    },
  );

  it('refuses fewer than 10 characters and more than 200', () => {
    expect(faultOf('kurz und x'.slice(0, 9))).toBe('tooShort');
    expect(faultOf('kaffee regen '.repeat(20))).toBe('tooLong');
  });

  it.each([
    '1234567890',
    'qwertzuiop',
    'passwort123',
    'Passwort2026!',
    'P4ssw0rt2026!',
    'password1234',
    'Willkommen1!',
    'ichliebedich',
    'Sommer2026!!',
    'aaaaaaaaaaaa',
    'abababababab',
    'abcdefghijklm',
    'leitwerk2026',
    'superadmin123',
  ])('refuses %s as known to everyone', (password) => {
    expect(faultOf(password)).toBe('breached');
  });

  it.each(['annaberger1', 'Anna Berger', 'anna.berger@muster-bau.de', 'anna.berger99', 'muster-bau12'])(
    'refuses %s as the own name',
    (password) => {
      expect(faultOf(password)).toBe('guessable');
    },
  );

  it('says what is wrong in the reader’s language', () => {
    expect(passwordIssues('kurz', person, 'de')[0]?.message).toContain('Mindestens 10 Zeichen');
    expect(passwordIssues('kurz', person, 'en')[0]?.message).toContain('At least 10 characters');
  });
});

/** Work that a refusal costs, in microseconds of the processor: unlike the clock it does not count what others do. */
const workOfRefusal = async (hash: string | undefined): Promise<number> => {
  const before = process.cpuUsage();
  expect(await verifyPassword('falsch', hash)).toBe(false);
  return process.cpuUsage(before).user;
};

describe('stored passwords', () => {
  it('are verified whatever way umlauts were typed', async () => {
    const stored = await hashPassword('grüne zäune 12'.normalize('NFC'));
    expect(await verifyPassword('grüne zäune 12'.normalize('NFD'), stored)).toBe(true);
    expect(await verifyPassword('grüne zäune 13', stored)).toBe(false);
  });

  it('do not show that two people chose the same', async () => {
    const [one, other] = await Promise.all([hashPassword('grüne zäune 12'), hashPassword('grüne zäune 12')]);
    expect(one).not.toBe(other);
  });

  it('S29: checking an unknown user does the same work and says no', async () => {
    const stored = await hashPassword('grüne zäune 12');
    const known = Math.min(await workOfRefusal(stored), await workOfRefusal(stored));
    const unknown = Math.min(await workOfRefusal(undefined), await workOfRefusal(undefined));
    expect(unknown / known).toBeGreaterThan(0.5);
    expect(unknown / known).toBeLessThan(2);
  });
});
