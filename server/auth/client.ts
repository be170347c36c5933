import { BlockList, isIP } from 'node:net';
import { LeitwerkError } from '../../core/errors.ts';

/** Who is at the other end, as far as it can be believed. */
export interface Client {
  readonly address: string;
  readonly isSecure: boolean;
}

export interface Peer {
  readonly remoteAddress: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly forwardedProto: string | undefined;
}

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const plainAddress = (address: string): string => address.trim().replace(/^::ffff:(?=\d+\.)/i, '');

const toBlockList = (proxies: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    const length = bits === undefined ? (isIP(address) === 6 ? 128 : 32) : Number(bits);
    if (isIP(address) === 0 || !Number.isInteger(length) || length < 0 || length > (isIP(address) === 6 ? 128 : 32)) {
      throw new LeitwerkError('Misconfigured', {
        text: {
          de: `TRUSTED_PROXIES: „${proxy}“ ist keine Adresse und kein Netz (10.0.0.0/8).`,
          en: `TRUSTED_PROXIES: "${proxy}" is neither an address nor a network (10.0.0.0/8).`,
        },
      });
    }
    list.addSubnet(address, length, family(address));
  }
  return list;
};

/**
 * Reads the client behind the trusted proxies; whatever anyone else writes into `X-Forwarded-*` counts for nothing.
 * @param trustedProxies addresses and networks in CIDR form; empty = no proxy is trusted
 * @param isHttps the public address is https even where no proxy says so
 * @throws LeitwerkError `Misconfigured` for an unreadable network.
 */
export function createClientReader(trustedProxies: readonly string[], isHttps: boolean): (peer: Peer) => Client {
  const trusted = toBlockList(trustedProxies);
  const isTrusted = (address: string): boolean =>
    trustedProxies.length > 0 && isIP(address) !== 0 && trusted.check(address, family(address));
  return ({ remoteAddress, forwardedFor, forwardedProto }) => {
    const peer = plainAddress(remoteAddress ?? '');
    if (!isTrusted(peer)) return { address: peer, isSecure: isHttps };
    // From the nearest hop outwards: the first address that no trusted proxy has is the client's.
    const hops = (forwardedFor ?? '').split(',').map(plainAddress).toReversed();
    const address = hops.find((hop) => !isTrusted(hop));
    return {
      address: address !== undefined && isIP(address) !== 0 ? address : peer,
      isSecure: isHttps || forwardedProto?.split(',').at(-1)?.trim() === 'https',
    };
  };
}
