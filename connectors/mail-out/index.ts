import type { Transporter } from 'nodemailer';
import { LeitwerkError } from '../../core/errors.ts';

export interface OutgoingMail {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Left part of the Message-ID: the same for every attempt, so that a repetition is known as one. */
  readonly id: string;
}

export interface Mailer {
  /** @throws LeitwerkError `RemoteUnavailable` where trying again may help, `RemoteRejected` where it cannot. */
  send(mail: OutgoingMail): Promise<void>;
  close(): void;
}

/** SMTP's 4xx (greylisting, full box) may pass, 5xx does not; an address that the library itself refuses never will. */
const toRemoteError = (error: unknown): LeitwerkError => {
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : 0;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isFinal = status === 0 ? code === 'EENVELOPE' || code === 'EAUTH' : status >= 500;
  const reason = status > 0 ? String(status) : code;
  return new LeitwerkError(isFinal ? 'RemoteRejected' : 'RemoteUnavailable', {
    cause: error,
    text: isFinal
      ? { de: `Der Mailserver hat abgelehnt (${reason}).`, en: `The mail server refused (${reason}).` }
      : {
          de: `Der Mailserver ist nicht erreichbar (${reason}).`,
          en: `The mail server cannot be reached (${reason}).`,
        },
    facts: { reason },
  });
};

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** Sends through the SMTP server at `url` (`smtp://user:password@host:port`). The library is loaded with the first mail. */
export function createMailer(url: string): Mailer {
  let transport: Promise<Transporter> | undefined;
  const open = async (): Promise<Transporter> => {
    const { createTransport } = await import('nodemailer');
    return createTransport({
      url,
      connectionTimeout: 15_000,
      greetingTimeout: 15_000,
      socketTimeout: 30_000,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  };
  return {
    send: async ({ from, id, ...mail }) => {
      transport ??= open();
      try {
        await (await transport).sendMail({ ...mail, from, messageId: `<${id}@${domainOf(from.address)}>` });
      } catch (error) {
        throw toRemoteError(error);
      }
    },
    close: () => void transport?.then((opened) => opened.close()),
  };
}
