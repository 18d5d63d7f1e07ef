import { STATUS_CODES } from 'node:http';
import { Metadata, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '../contract/generated/google/rpc/error_details.ts';
import { Status } from '../contract/generated/google/rpc/status.ts';
import type { Refusal, RefusalStatus } from '../platform/call.ts';

type Row = {
  readonly grpc: grpcStatus;
  readonly http: number;
  /** Whether the client may simply try again: RetryInfo and Retry-After stand exactly there. */
  readonly retryable: boolean;
};

/** The error table: what each status of a refusal is on both transports. */
export const errorTable: Readonly<Record<RefusalStatus | 'internal', Row>> = {
  invalid: { grpc: grpcStatus.INVALID_ARGUMENT, http: 400, retryable: false },
  unsupported_media_type: { grpc: grpcStatus.INVALID_ARGUMENT, http: 415, retryable: false },
  too_large: { grpc: grpcStatus.RESOURCE_EXHAUSTED, http: 413, retryable: false },
  unauthenticated: { grpc: grpcStatus.UNAUTHENTICATED, http: 401, retryable: false },
  forbidden: { grpc: grpcStatus.PERMISSION_DENIED, http: 403, retryable: false },
  not_found: { grpc: grpcStatus.NOT_FOUND, http: 404, retryable: false },
  method_unknown: { grpc: grpcStatus.UNIMPLEMENTED, http: 404, retryable: false },
  precondition_failed: { grpc: grpcStatus.FAILED_PRECONDITION, http: 409, retryable: false },
  id_taken: { grpc: grpcStatus.ALREADY_EXISTS, http: 409, retryable: false },
  etag_mismatch: { grpc: grpcStatus.ABORTED, http: 412, retryable: false },
  key_reused: { grpc: grpcStatus.ALREADY_EXISTS, http: 422, retryable: false },
  too_many: { grpc: grpcStatus.RESOURCE_EXHAUSTED, http: 429, retryable: true },
  unavailable: { grpc: grpcStatus.UNAVAILABLE, http: 503, retryable: true },
  outcome_unknown: { grpc: grpcStatus.DEADLINE_EXCEEDED, http: 504, retryable: false },
  internal: { grpc: grpcStatus.INTERNAL, http: 500, retryable: false },
};

/** A refusal, or a failure of ours: of that, callers learn the incident's id and nothing else. */
export type Failure = Refusal | { readonly kind: 'failed'; readonly incident: string };

export const isFailure = (answer: { readonly kind: string }): answer is Failure => answer.kind === 'refused' || answer.kind === 'failed';

/** The gRPC code of a failure, as logs and metrics name it. */
export const codeOf = (failure: Failure): string => grpcStatus[errorTable[failure.kind === 'failed' ? 'internal' : failure.status].grpc];

/** What is said of a failure, whatever the transport. */
type Account = Row & {
  readonly code: string;
  readonly detail: string;
  readonly fields: Refusal['fields'];
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;
};

const account = (failure: Failure): Account => {
  if (failure.kind === 'failed') {
    const detail = `Something went wrong on our side; it is recorded as incident ${failure.incident}.`;
    return { ...errorTable.internal, code: 'INTERNAL', detail, fields: undefined, metadata: { incident: failure.incident }, retryAfterMs: undefined };
  }
  const row = errorTable[failure.status];
  return {
    ...row,
    code: failure.code,
    detail: failure.because,
    fields: failure.fields,
    metadata: failure.metadata ?? {},
    retryAfterMs: row.retryable ? (failure.retryAfterMs ?? 1_000) : undefined,
  };
};

/** How long to wait before trying again, in milliseconds; undefined where that does not help. */
export const retryAfterMsOf = (failure: Failure): number | undefined => account(failure).retryAfterMs;

/** A gRPC status with google.rpc.Status in `grpc-status-details-bin` (https://google.aip.dev/193): ErrorInfo, and BadRequest and RetryInfo where they apply. */
export const grpcError = (failure: Failure): Pick<ServiceError, 'code' | 'details' | 'metadata'> => {
  const { grpc, code, detail, fields, metadata, retryAfterMs } = account(failure);
  const details = [{ typeUrl: `${anyPrefix}ErrorInfo`, value: Buffer.from(ErrorInfo.encode({ reason: code, domain: 'orders', metadata }).finish()) }];
  if (fields && fields.length > 0) {
    const fieldViolations = fields.map(({ field, description }) => ({ field, description, reason: '', localizedMessage: undefined }));
    details.push({ typeUrl: `${anyPrefix}BadRequest`, value: Buffer.from(BadRequest.encode({ fieldViolations }).finish()) });
  }
  if (retryAfterMs !== undefined) {
    const retryDelay = { seconds: BigInt(Math.floor(retryAfterMs / 1_000)), nanos: Math.round((retryAfterMs % 1_000) * 1e6) };
    details.push({ typeUrl: `${anyPrefix}RetryInfo`, value: Buffer.from(RetryInfo.encode({ retryDelay }).finish()) });
  }
  const trailer = new Metadata();
  trailer.set('grpc-status-details-bin', Buffer.from(Status.encode({ code: grpc, message: detail, details }).finish()));
  return { code: grpc, details: detail, metadata: trailer };
};

const anyPrefix = 'type.googleapis.com/google.rpc.';

/** An HTTP answer with problem details (RFC 9457): status, headers, and the JSON text. */
export const problem = (
  failure: Failure,
  status?: number,
): { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string } => {
  const { http, code, detail, fields, metadata, retryAfterMs } = account(failure);
  const incident = failure.kind === 'failed' ? failure.incident : undefined;
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  if (http === 401) headers['www-authenticate'] = `Bearer realm="orders"${code === 'TOKEN_INVALID' ? ', error="invalid_token"' : ''}`;
  const actual = status ?? http;
  const more = incident ? { incident } : { fields, ...(Object.keys(metadata).length > 0 ? { metadata } : {}) };
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[actual], status: actual, detail, code, ...more });
  return { status: actual, headers, body };
};
