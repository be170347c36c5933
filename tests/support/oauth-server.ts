import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A provider's token endpoint, and the place where a mail server asks what a token is worth. */
export interface OAuthServer {
  readonly tokenUrl: string;
  /** For the mail server: the token is appended. */
  readonly tokenInfoUrl: string;
  /** Bodies of the requests for tokens. */
  readonly requests: readonly URLSearchParams[];
  /** Tokens handed out so far are worth nothing any more. */
  readonly revokeTokens: () => void;
  /** The refresh token itself is refused from now on, or accepted again. */
  readonly refuse: (isRefused: boolean) => void;
  readonly close: () => Promise<void>;
}

export async function openOAuthServer(user: string): Promise<OAuthServer> {
  const requests: URLSearchParams[] = [];
  let valid = new Set<string>();
  let isRefusing = false;
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method === 'GET') {
      const token = new URL(request.url ?? '', 'http://localhost').searchParams.get('access_token') ?? '';
      if (valid.has(token)) answer(200, { username: user });
      else answer(400, { error: 'invalid_token' });
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      if (isRefusing) return answer(400, { error: 'invalid_grant' });
      const token = `token-${requests.length}`;
      valid.add(token);
      return answer(200, { access_token: token, expires_in: 3_600, token_type: 'Bearer' });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    tokenUrl: `http://127.0.0.1:${port}/token`,
    tokenInfoUrl: `http://127.0.0.1:${port}/tokeninfo?access_token=`,
    requests,
    revokeTokens: () => {
      valid = new Set();
    },
    refuse: (refused) => {
      isRefusing = refused;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
