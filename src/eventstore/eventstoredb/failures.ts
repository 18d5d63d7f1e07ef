import { status, type Metadata } from '@grpc/grpc-js';
import type { Host } from './connection-string.ts';

/** What an error of a call means for whoever made it. */
export type Failure =
  /** The node is away, or going: another connection may do better. */
  | { readonly kind: 'unreachable'; readonly because: string }
  /** The node is there and cannot serve: it starts, or the cluster has no leader. */
  | { readonly kind: 'not ready'; readonly because: string }
  | { readonly kind: 'not leader'; readonly because: string; readonly leader: Host }
  /** The user may not, or is not who it says. */
  | { readonly kind: 'denied'; readonly because: string }
  /** The stream was deleted for good. */
  | { readonly kind: 'stream deleted'; readonly because: string }
  /** The server says that the request makes no sense. */
  | { readonly kind: 'invalid'; readonly because: string };

/** An error that ended a call, with what it means. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly failure: Failure;
  constructor(failure: Failure, cause?: unknown) {
    super(failure.because, { cause });
    this.failure = failure;
  }
}

/** What a gRPC error means. Whatever is not known to mean something else is taken for a connection that is no good. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof CallFailed) return error.failure;
  const {
    code,
    details = '',
    metadata,
    message = String(error),
  } = error as { code?: number; details?: string; metadata?: Metadata; message?: string };
  const said = (key: string): string | undefined => metadata?.get?.(key)[0]?.toString();
  const exception = said('exception');
  if (exception === 'not-leader') {
    const [address, port] = [said('leader-endpoint-host'), Number(said('leader-endpoint-port'))];
    if (!address || !port) return { kind: 'not ready', because: 'the node is not the leader and names none' };
    return { kind: 'not leader', because: 'the node is not the leader', leader: { address, port } };
  }
  if (exception === 'access-denied') return { kind: 'denied', because: 'the user may not do that, or user or password is wrong' };
  if (exception === 'stream-deleted') return { kind: 'stream deleted', because: 'the stream was deleted for good' };
  if (/No leader info available/.test(details)) return { kind: 'not ready', because: 'the node is not the leader and knows none' };
  if (/Server Is (Not Ready|Too Busy|Busy)/.test(details)) return { kind: 'not ready', because: `the node says: ${details}` };
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) return { kind: 'denied', because: 'user or password is wrong' };
  if (code === status.INVALID_ARGUMENT || details.endsWith(': InvalidPosition')) return { kind: 'invalid', because: details };
  return { kind: 'unreachable', because: inWords(details || message) };
};

/** The usual causes, in words that say what to do. */
const inWords = (details: string): string => {
  for (const [pattern, words] of causes) if (pattern.test(details)) return `${words} (${details.slice(0, 200)})`;
  return details.slice(0, 300);
};

const causes: readonly (readonly [RegExp, string])[] = [
  [/Failed to discover/, 'none of its nodes answers'],
  [/ENOTFOUND|EAI_AGAIN|Name resolution failed/, 'its name does not resolve'],
  [/ECONNREFUSED/, 'nothing listens there'],
  [/certificate has expired/i, 'its certificate has expired'],
  [/self.signed|unable to (verify|get)|UNABLE_TO|issuer certificate/i, 'its certificate is not trusted: name its authority with tlsCAFile'],
  [/Hostname\/IP does not match|ERR_TLS_CERT_ALTNAME/i, 'its certificate is for another name'],
  [/wrong version number|packet length too long|EPROTO/i, 'it does not speak TLS there: a server without it needs tls=false'],
];
