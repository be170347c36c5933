import type { Access, ConnectorKind } from '../port.ts';
import { toMailboxError } from './errors.ts';
import type { ImapMailbox, ImapOAuth } from './mailbox.ts';

type Values = Readonly<Record<string, unknown>>;

const field = (de: string, en: string, help: { readonly de: string; readonly en: string }) => ({
  'x-label': { de, en },
  'x-help': help,
});

const secret = { type: 'string', minLength: 1, maxLength: 10_000 };

const oauth = {
  de: 'Nur mit OAuth, statt des Passworts.',
  en: 'With OAuth only, instead of the password.',
};

const settings: ConnectorKind['settings'] = {
  type: 'object',
  required: ['host', 'user'],
  additionalProperties: false,
  properties: {
    host: {
      type: 'string',
      pattern: '^[\\w.:-]{1,253}$',
      ...field('Server', 'Server', { de: 'Zum Beispiel imap.firma.de.', en: 'For example imap.company.com.' }),
    },
    user: {
      type: 'string',
      pattern: '^[^\\s\\p{Cc}]{1,320}$',
      ...field('Benutzer', 'User', { de: 'Meist die Mailadresse.', en: 'Usually the mail address.' }),
    },
    folder: {
      type: 'string',
      maxLength: 200,
      default: 'INBOX',
      ...field('Ordner', 'Folder', {
        de: 'Was darin ungelesen ist und neu dazukommt, wird geholt.',
        en: 'What is unread in it and what arrives is fetched.',
      }),
    },
    security: {
      enum: ['tls', 'starttls'],
      default: 'tls',
      'x-options': { tls: { de: 'TLS', en: 'TLS' }, starttls: { de: 'STARTTLS', en: 'STARTTLS' } },
      ...field('Verschlüsselung', 'Encryption', {
        de: 'Unverschlüsselt geht kein Passwort hinaus.',
        en: 'No password leaves unencrypted.',
      }),
    },
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      ...field('Port', 'Port', {
        de: 'Leer: 993 mit TLS, 143 mit STARTTLS.',
        en: 'Empty: 993 with TLS, 143 with STARTTLS.',
      }),
    },
    source: {
      type: 'string',
      pattern: '^[a-z][a-z0-9-]{0,62}$',
      default: 'mail',
      ...field('Quelle', 'Source', {
        de: 'Schlüssel der Quelle, über die Leads von hier kommen.',
        en: 'Key of the source that leads from here come through.',
      }),
    },
    after: {
      enum: ['seen', 'move', 'nothing'],
      default: 'seen',
      'x-options': {
        seen: { de: 'als gelesen markieren', en: 'mark as read' },
        move: { de: 'in einen anderen Ordner legen', en: 'move to another folder' },
        nothing: { de: 'nichts ändern', en: 'change nothing' },
      },
      ...field('Danach im Postfach', 'Afterwards in the mailbox', {
        de: 'Erst, wenn die Nachricht hier gespeichert ist.',
        en: 'Only when the message is stored here.',
      }),
    },
    moveTo: {
      type: 'string',
      maxLength: 200,
      default: 'Leitwerk',
      ...field('Anderer Ordner', 'Other folder', {
        de: 'Wird angelegt, wenn er fehlt.',
        en: 'Is made when it is missing.',
      }),
    },
  },
};

const credentials: ConnectorKind['credentials'] = {
  type: 'object',
  additionalProperties: false,
  anyOf: [{ required: ['password'] }, { required: ['tokenUrl', 'clientId', 'refreshToken'] }],
  properties: {
    password: {
      ...secret,
      ...field('Passwort', 'Password', {
        de: 'Bei Gmail und vielen anderen ein App-Passwort.',
        en: 'With Gmail and many others an app password.',
      }),
    },
    tokenUrl: {
      ...secret,
      pattern: '^https?://',
      ...field('OAuth-Token-Adresse', 'OAuth token address', oauth),
    },
    clientId: { ...secret, ...field('OAuth-Client-ID', 'OAuth client id', oauth) },
    clientSecret: { ...secret, ...field('OAuth-Clientschlüssel', 'OAuth client secret', oauth) },
    refreshToken: { ...secret, ...field('OAuth-Refresh-Token', 'OAuth refresh token', oauth) },
    scope: { ...secret, ...field('OAuth-Scope', 'OAuth scope', oauth) },
  },
};

/** The mailbox that a connection describes; its values have passed the schemas above. */
export function toMailbox({
  settings: given,
  credentials: sealed,
}: {
  settings: Values;
  credentials: Values;
}): ImapMailbox {
  const { host, user, port, security = 'tls', folder = 'INBOX', source = 'mail', after = 'seen' } = given;
  const { password } = sealed;
  return {
    host: String(host),
    port: Number(port ?? (security === 'tls' ? 993 : 143)),
    secure: security === 'tls',
    user: String(user),
    auth:
      typeof password === 'string'
        ? { type: 'password', password }
        : { ...(sealed as unknown as Omit<ImapOAuth, 'type'>), type: 'oauth' },
    folder: String(folder),
    source: String(source),
    after: after as ImapMailbox['after'],
    moveTo: String(given['moveTo'] ?? 'Leitwerk'),
  };
}

/** The library is loaded where it is used: most systems have no mailbox. */
const test = async (access: Access) => {
  const [{ connectMailbox }, { createTokenSource }] = await Promise.all([import('./connect.ts'), import('./oauth.ts')]);
  // Nothing is made or marked.
  const mailbox: ImapMailbox = { ...toMailbox(access), after: 'nothing' };
  const { auth, folder } = mailbox;
  const tokens = auth.type === 'oauth' ? createTokenSource(auth, access.egress) : undefined;
  const client = await connectMailbox(mailbox, access.egress, tokens);
  try {
    const all = client.mailbox === false ? 0 : client.mailbox.exists;
    const found = await client.search({ seen: false }, { uid: true });
    const unread = Array.isArray(found) ? found.length : 0;
    return {
      de: `Ordner „${folder}“ geöffnet: ${all} Nachrichten, davon ${unread} ungelesen.`,
      en: `Opened the folder "${folder}": ${all} messages, ${unread} of them unread.`,
    };
  } catch (error) {
    throw toMailboxError(error, mailbox);
  } finally {
    client.close();
  }
};

/** A mailbox that is read by IMAP. */
export const imap: ConnectorKind = {
  kind: 'imap',
  label: { de: 'Postfach (IMAP)', en: 'Mailbox (IMAP)' },
  help: {
    de: 'Ein Postfach, dessen Nachrichten zu Leads werden oder abgelegt werden. Die Zugangsdaten nennt der Mailanbieter unter „IMAP“.',
    en: 'A mailbox whose messages become leads or are filed. The mail provider tells the access data under "IMAP".',
  },
  settings,
  credentials,
  bound: ['host', 'port', 'security'],
  test,
};
