import { connect } from 'node:http2';

/** `status` is gRPC's (0 = OK); absent when nothing that speaks gRPC answered in time. */
export interface RpcAnswer {
  readonly status: number | undefined;
}

const service = '/temporal.api.workflowservice.v1.WorkflowService';

/**
 * One gRPC call without a gRPC library: the app asks its own dev server two questions at start,
 * and a client library would cost it tens of megabytes for that.
 */
async function call(address: string, method: string, message: Uint8Array): Promise<RpcAnswer> {
  return await new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const timer = setTimeout(() => finish(undefined), 2000);
    const finish = (status: number | undefined): void => {
      clearTimeout(timer);
      session.destroy();
      resolve({ status });
    };
    session.on('error', () => finish(undefined));
    const stream = session.request({
      ':method': 'POST',
      ':path': `${service}/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const read = (headers: Record<string, unknown>): void => {
      if (typeof headers['grpc-status'] === 'string') finish(Number(headers['grpc-status']));
    };
    stream.on('response', read);
    stream.on('trailers', read);
    stream.on('error', () => finish(undefined));
    stream.on('close', () => finish(undefined));
    stream.resume();
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}

/** Whether a Temporal server answers at `address` (`host:port`). */
export async function isTemporal(address: string): Promise<boolean> {
  const { status } = await call(address, 'GetSystemInfo', new Uint8Array());
  return status === 0;
}

/** Keeps closed workflows for `hours`. Answers whether the server accepted it, which it does once it is up. */
export async function setRetention(address: string, namespace: string, hours: number): Promise<boolean> {
  const ttl = lengthDelimited(1, Buffer.from([0x08, ...varint(hours * 3600)]));
  const request = Buffer.concat([lengthDelimited(1, Buffer.from(namespace)), lengthDelimited(3, ttl)]);
  const { status } = await call(address, 'UpdateNamespace', request);
  return status === 0;
}

/** Protocol buffers' wire format, as far as `UpdateNamespaceRequest{namespace: 1, config: 3 {ttl: 1 {seconds: 1}}}` needs it. */
function lengthDelimited(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...varint(content.length)]), content]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
}
