/**
 * The session's cookie. On https its name begins with `__Host-`: browsers then take it only with `Secure`, `Path=/` and no domain,
 * so that no neighbouring host can plant one.
 */
const cookieName = (isSecure: boolean): string => (isSecure ? '__Host-leitwerk' : 'leitwerk');

const write = (value: string, isSecure: boolean, maxAgeSeconds: number): string =>
  `${cookieName(isSecure)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${isSecure ? '; Secure' : ''}`;

/** `Set-Cookie` for a new session. */
export const sessionCookie = (token: string, isSecure: boolean, maxAgeSeconds: number): string =>
  write(token, isSecure, maxAgeSeconds);

/** `Set-Cookie` that takes the session away. */
export const endedCookie = (isSecure: boolean): string => write('', isSecure, 0);

const tokenPattern = /^[\w-]{43}$/;

/** The session's token from a `Cookie` header, if there is one that looks like ours. */
export function readSessionToken(header: string | undefined, isSecure: boolean): string | undefined {
  if (header === undefined) return undefined;
  const name = `${cookieName(isSecure)}=`;
  const found = header
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(name))
    ?.slice(name.length);
  return found !== undefined && tokenPattern.test(found) ? found : undefined;
}
