import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { SMTPServer, type SMTPServerConnectionInfo, type SMTPServerOptions } from 'smtp-server';

type Socket = ConstructorParameters<typeof SMTPConnection>[1];
type SocketOptions = ConstructorParameters<typeof SMTPConnection>[2];

/**
 * Greets at once, where the library waits 100 ms for senders that talk too soon: with one mail a session that pause would be most of
 * what a mail takes. Nobody is let off: what a sender may do is limited all the same.
 */
class PromptConnection extends SMTPConnection {
  #isReady = false;

  override init(): void {
    super.init();
    this.connectionReady();
  }

  override connectionReady(next?: () => void): void {
    if (this.#isReady) return;
    this.#isReady = true;
    super.connectionReady(next);
  }
}

/** The library's server with prompt greetings and sessions that end after `sessionMs`, whatever happens in them. */
export class PromptServer extends SMTPServer {
  readonly #sessionMs: number;

  constructor(options: SMTPServerOptions, sessionMs: number) {
    super(options);
    this.#sessionMs = sessionMs;
  }

  override connect(socket: Socket, options?: SocketOptions): void {
    const connection = new PromptConnection(this, socket, options);
    const deadline = setTimeout(() => connection.send(421, 'The session took too long'), this.#sessionMs);
    deadline.unref();
    socket.once('close', () => clearTimeout(deadline));
    this.connections.add(connection);
    connection.on('error', (error: Error) => this.emit('error', error));
    connection.on('connect', (about: SMTPServerConnectionInfo) => this.emit('connect', about));
    connection.init();
  }

  /** Says goodbye to every session but these. */
  dismiss(except: ReadonlySet<string> = new Set()): void {
    for (const connection of this.connections)
      if (!except.has(connection.id)) connection.send(421, 'Shutting down, come again');
  }
}
