import { status, type Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Failure, Status as StatusName } from './errors.ts';
import { BadRequest, ErrorInfo, RetryInfo } from './generated/google/rpc/error_details.ts';
import { Status } from './generated/google/rpc/status.ts';
import { noAnswer, noConnection, type Reply } from './transport.ts';

/** What an error says of itself: ErrorInfo, BadRequest and RetryInfo in the google.rpc.Status of `grpc-status-details-bin` (https://google.aip.dev/193). */
export const grpcFailure = (error: ServiceError, correlationId: string | undefined): Reply => {
  const details = detailsOf(error.metadata);
  const info = details.get('ErrorInfo');
  if (!info) return withoutDetails(error);
  const { reason, metadata } = ErrorInfo.decode(info);
  const request = details.get('BadRequest');
  const retry = details.get('RetryInfo');
  const delay = retry && RetryInfo.decode(retry).retryDelay;
  const failure: Failure = {
    status: statusOf(error.code),
    code: reason,
    message: error.details,
    metadata,
    ...(request ? { fields: BadRequest.decode(request).fieldViolations.map(({ field, description }) => ({ field, description })) } : {}),
    ...(delay ? { retryAfterMs: Number(delay.seconds) * 1_000 + delay.nanos / 1e6 } : {}),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
  return { kind: 'failed', failure };
};

/** Nobody of the platform spoke: the connection, the deadline, a proxy, or a server that does not know the method. */
const withoutDetails = (error: ServiceError): Reply => {
  if (error.code === status.DEADLINE_EXCEEDED) return noAnswer;
  if (error.code === status.UNAVAILABLE) {
    const why = error.details.replace(/\.? Resolution note:.*$/s, '').replace('No connection established. Last error: Error: ', '');
    return noConnection(why, error);
  }
  return { kind: 'failed', failure: { status: statusOf(error.code), code: statusOf(error.code), message: error.details, cause: error } };
};

const detailsOf = (metadata: Metadata | undefined): ReadonlyMap<string, Uint8Array> => {
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  const details = bytes === undefined ? [] : Status.decode(bytes as Buffer).details;
  return new Map(details.map(({ typeUrl, value }) => [typeUrl.replace('type.googleapis.com/google.rpc.', ''), value]));
};

const known: ReadonlySet<string> = new Set<StatusName>([
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'ABORTED',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
]);

const statusOf = (code: status): StatusName => (known.has(status[code]) ? (status[code] as StatusName) : 'UNKNOWN');
