import { describe, expect, it } from 'vitest';
import { connectorKindOf } from '../../connectors/registry.ts';
import { connectionIssues } from '../../core/connections.ts';
import type { Issue, Language } from '../../core/errors.ts';

const issues = (kind: string, values: Readonly<Record<string, unknown>>, language: Language = 'de'): Issue[] =>
  connectionIssues(connectorKindOf(kind), 'credentials', { values, language });

describe('the credentials of a connection', () => {
  it('are asked for in one sentence where one of two ways is enough', () => {
    const de =
      'Nötig ist entweder Schlüssel des Dienstkontos (JSON), oder OAuth-Client-ID, OAuth-Clientschlüssel und OAuth-Refresh-Token.';
    const en =
      'Either Key of the service account (JSON), or OAuth client id, OAuth client secret and OAuth refresh token is needed.';
    expect(issues('google-sheets', {})).toEqual([
      { path: '/credentials', code: 'anyOf', message: de, text: { de, en } },
    ]);
    expect(issues('google-sheets', { clientId: 'x' }, 'en')).toMatchObject([{ message: en }]);
    expect(issues('imap', {})).toMatchObject([{ path: '/credentials', message: expect.stringContaining('Passwort') }]);
  });

  it('are refused where they are empty', () => {
    expect(issues('google-sheets', { serviceAccount: '' })).toMatchObject([
      { path: '/credentials/serviceAccount', code: 'minLength' },
    ]);
    expect(issues('google-sheets', { serviceAccount: '{}' })).toEqual([]);
  });
});
