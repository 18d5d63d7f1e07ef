import type { Failure, Status } from './errors.ts';

/** What an answer that is none says of itself: problem details (RFC 9457), and Retry-After where one may try again. */
export const restFailure = (httpStatus: number, headers: Headers, text: string): Failure => {
  const problem = problemOf(text);
  const code = problem.code ?? `HTTP_${httpStatus}`;
  const retryAfterMs = retryAfter(headers.get('retry-after'));
  const correlationId = headers.get('x-correlation-id');
  const metadata = { ...problem.metadata, ...(problem.incident === undefined ? {} : { incident: problem.incident }) };
  return {
    status: byCode.get(code) ?? statuses.get(httpStatus) ?? 'UNKNOWN',
    code,
    message: problem.detail ?? `The server answered HTTP ${httpStatus}.`,
    metadata,
    ...(problem.fields ? { fields: problem.fields } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(correlationId === null ? {} : { correlationId }),
  };
};

/** The error table of the platform, backwards; 502 is a proxy's. */
const statuses: ReadonlyMap<number, Status> = new Map<number, Status>([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'UNIMPLEMENTED'],
  [409, 'FAILED_PRECONDITION'],
  [412, 'ABORTED'],
  [413, 'RESOURCE_EXHAUSTED'],
  [415, 'INVALID_ARGUMENT'],
  [422, 'ALREADY_EXISTS'],
  [429, 'RESOURCE_EXHAUSTED'],
  [500, 'INTERNAL'],
  [502, 'UNAVAILABLE'],
  [503, 'UNAVAILABLE'],
  [504, 'DEADLINE_EXCEEDED'],
]);

/** Where one HTTP status stands for two. */
const byCode: ReadonlyMap<string, Status> = new Map<string, Status>([
  ['ID_TAKEN', 'ALREADY_EXISTS'],
  ['PATH_UNKNOWN', 'UNIMPLEMENTED'],
]);

type Problem = {
  readonly code?: string;
  readonly detail?: string;
  readonly fields?: Failure['fields'];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly incident?: string;
};

const problemOf = (text: string): Problem => {
  try {
    return (JSON.parse(text) ?? {}) as Problem;
  } catch {
    return {};
  }
};

/** Seconds, or a date (RFC 9110 §10.2.3). */
const retryAfter = (value: string | null): number | undefined => {
  if (value === null) return undefined;
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(delayMs) ? undefined : Math.max(delayMs, 0);
};
