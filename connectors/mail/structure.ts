import type { Transform } from 'node:stream';
import { MailParser, type MailParserOptions, type MessageText } from 'mailparser';
import { Base64TextStream, isBase64, TextDecodeStream } from './charset.ts';
import { doubt, type Doubts } from './doubts.ts';

/** What mailsplit says of a part, as far as it is read here. */
interface SplitPart {
  readonly encoding: string | false;
  readonly charset: string | false;
}

/** mailparser's own view of a part. */
interface PartNode {
  readonly contentType: string | false;
  readonly headers: ReadonlyMap<string, unknown>;
  charset?: string;
  disposition?: string;
  isAttachment?: boolean;
  decoder?: Transform;
}

/** Inner parts of mailparser 3.14 that this file holds on to. The version is pinned, the corpus of mails notices a change. */
interface Inside {
  createNode: (part: SplitPart) => PartNode;
  decoder: { decodeStream: (charset: string) => Transform };
  decoderEnded?: boolean;
  readonly getTextContent: () => MessageText;
}

export const mostParts = 1_000;

const knownEncodings = new Set(['', '7bit', '8bit', 'binary', 'base64', 'quoted-printable']);

const noteEncoding = (part: SplitPart, node: PartNode, doubts: Doubts): void => {
  const encoding = part.encoding === false ? '' : part.encoding;
  if (!knownEncodings.has(encoding)) doubts.add(doubt.unknownEncoding(encoding));
  const { decoder } = node;
  if (encoding !== 'base64' || decoder === undefined) return;
  const write = decoder.write.bind(decoder) as (chunk: Buffer) => boolean;
  decoder.write = (chunk: Buffer): boolean => {
    if (!isBase64(chunk.subarray(0, 4_096))) doubts.add(doubt.notBase64);
    return write(chunk);
  };
};

const smimeType = (node: PartNode): string => {
  const header = node.headers.get('content-type') as { params?: Record<string, string> } | undefined;
  return (header?.params?.['smime-type'] ?? '').toLowerCase();
};

/** Parts whose content is out of our reach. */
const noteKind = (node: PartNode, doubts: Doubts): void => {
  switch (node.contentType) {
    case 'application/ms-tnef':
    case 'application/vnd.ms-tnef':
      doubts.add(doubt.winmail);
      break;
    case 'application/pkcs7-mime':
    case 'application/x-pkcs7-mime':
      doubts.add(smimeType(node) === 'signed-data' ? doubt.smimeSigned : doubt.smimeEncrypted);
      break;
    case 'multipart/encrypted':
      doubts.add(doubt.pgpEncrypted);
      break;
    default:
  }
};

const isShownText = ({ contentType, disposition }: PartNode): boolean =>
  disposition === 'inline' && (contentType === 'text/plain' || contentType === 'text/html');

export interface WatchedParser {
  readonly parser: MailParser;
  /** Whether any part is meant to be read as plain text. */
  readonly hasPlainText: () => boolean;
  /** The text of the parts that were complete, for a mail that could not be read to its end. */
  readonly textSoFar: () => MessageText | undefined;
}

/** mailsplit takes these as well, mailparser's types leave them out. */
const limits = { ignoreEmbedded: true, maxHeadSize: 8 * 1024 * 1024, maxChildNodes: 1_000_000 };

/**
 * A mailparser whose parts are looked at as they appear: texts are decoded by our rules, what is beyond the limit of parts is read over
 * instead of failing the mail, and attached mails stay files.
 */
export function createWatchedParser(doubts: Doubts): WatchedParser {
  const options: MailParserOptions = {
    skipTextLinks: true,
    skipImageLinks: true,
    checksumAlgo: false,
    maxHtmlLengthToParse: 1_000_000,
    ...limits,
  };
  const parser = new MailParser(options);
  const inside = parser as unknown as Inside;
  const createNode = inside.createNode.bind(parser);
  const readAsText = (node: PartNode): void => {
    node.decoder = new Base64TextStream().on('end', () => {
      inside.decoderEnded = true;
    });
  };
  let parts = 0;
  let hasPlainText = false;
  inside.createNode = (part) => {
    const node = createNode(part);
    noteKind(node, doubts);
    parts += 1;
    if (parts > mostParts && node.decoder !== undefined) {
      doubts.add(doubt.tooManyParts(mostParts));
      node.isAttachment = false;
      node.disposition = 'left out';
      node.decoder.resume();
    }
    if (part.encoding === 'base64' && isShownText(node)) readAsText(node);
    noteEncoding(part, node, doubts);
    if (node.disposition === 'inline' && node.contentType === 'text/plain') hasPlainText = true;
    // A name that mailparser does not take for UTF-8, so that our decoder sees every text.
    node.charset = `of:${part.charset === false ? '' : part.charset}`;
    return node;
  };
  inside.decoder = { decodeStream: (charset) => new TextDecodeStream(charset.slice('of:'.length), doubts) };
  return {
    parser,
    hasPlainText: () => hasPlainText,
    textSoFar: () => {
      try {
        return inside.getTextContent();
      } catch {
        // It stands in the middle of a part: what came before is with the attachments.
        return undefined;
      }
    },
  };
}
