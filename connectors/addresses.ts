import { BlockList, isIP, isIPv6 } from 'node:net';

const subnets: readonly [address: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // IPv6: documentation, Teredo and other protocol assignments, 6to4 (each can carry an IPv4 address inside).
  ['2001:db8::', 32],
  ['2001::', 23],
  ['2002::', 16],
  ['3fff::', 20],
];

const makeList = (entries: readonly [string, number][]): BlockList => {
  const list = new BlockList();
  for (const [address, prefix] of entries) list.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4');
  return list;
};

const closed = makeList(subnets);
/** The only part of IPv6 that is routed to the public; loopback, link-local, unique local, mapped and the rest lie outside. */
const global = makeList([['2000::', 3]]);

/**
 * Whether an IP address is one of the public internet (RFC 6890 and the IANA special-purpose registries).
 * Anything that is not an IP address is not.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  if (family === 4) return !closed.check(address, 'ipv4');
  return global.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}
