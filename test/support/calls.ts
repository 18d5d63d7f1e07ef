import { randomUUID } from 'node:crypto';
import { developmentIssuer, roles, type Role } from '../../src/api/development-issuer.ts';
import type { Call } from '../../src/platform/call.ts';

/** A call by somebody in a role: its scopes are those of the role's development token. */
export const callAs = (
  role: Role,
  options: {
    readonly subject?: string;
    readonly customerId?: string;
    readonly merchantId?: string;
    readonly deadlineMs?: number;
    readonly traceparent?: string;
  } = {},
): Call => {
  const { subject = `a ${role}`, deadlineMs = 20_000, customerId, merchantId, traceparent } = options;
  return {
    caller: {
      issuer: developmentIssuer.issuer,
      subject,
      scopes: new Set(roles[role].scopes),
      ...(customerId ? { customerId } : {}),
      ...(merchantId ? { merchantId } : {}),
    },
    method: 'test',
    deadline: performance.now() + deadlineMs,
    signal: AbortSignal.timeout(deadlineMs),
    correlationId: randomUUID(),
    ...(traceparent ? { traceparent } : {}),
  };
};
