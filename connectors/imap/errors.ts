import { LeitwerkError } from '../../core/errors.ts';
import type { ImapMailbox } from './mailbox.ts';

const detailOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { responseText, code } = error as { responseText?: unknown; code?: unknown };
  return [responseText, code, error.message].find((one): one is string => typeof one === 'string') ?? error.name;
};

const isRefusedSignIn = (error: unknown): boolean =>
  error instanceof Error && 'authenticationFailed' in error && error.authenticationFailed === true;

/** What went wrong with a mailbox, in words for who can mend it; never with a password in it. */
export function toMailboxError(error: unknown, { user, host, folder }: ImapMailbox): LeitwerkError {
  if (error instanceof LeitwerkError) return error;
  const detail = detailOf(error).slice(0, 200);
  const facts = { host, user, folder };
  if (isRefusedSignIn(error))
    return new LeitwerkError('RemoteRejected', {
      cause: error,
      facts,
      text: {
        de: `Das Postfach „${user}“ bei „${host}“ lehnt die Anmeldung ab (${detail}). Passwort oder Verbindung prüfen.`,
        en: `The mailbox "${user}" at "${host}" refuses to sign in (${detail}). Check password or connection.`,
      },
    });
  return new LeitwerkError('RemoteUnavailable', {
    cause: error,
    facts,
    text: {
      de: `Das Postfach „${user}“ bei „${host}“ ist nicht erreichbar (${detail}).`,
      en: `The mailbox "${user}" at "${host}" cannot be reached (${detail}).`,
    },
  });
}

export function noFolder({ user, host, folder }: ImapMailbox, cause: unknown): LeitwerkError {
  return new LeitwerkError('RemoteRejected', {
    cause,
    facts: { host, user, folder },
    text: {
      de: `Im Postfach „${user}“ bei „${host}“ gibt es den Ordner „${folder}“ nicht.`,
      en: `The mailbox "${user}" at "${host}" has no folder "${folder}".`,
    },
  });
}
