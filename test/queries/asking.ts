import { randomUUID } from 'node:crypto';
import type { Sealed } from '../../src/domain/event.ts';
import type { Call, Caller, Outcome, Refusal } from '../../src/platform/call.ts';
import type { Opened } from '../../src/privacy/sealing.ts';

export const callerWith = (scopes: readonly string[], claims: { readonly customerId?: string; readonly merchantId?: string } = {}): Caller => ({
  issuer: 'test',
  subject: 'somebody',
  scopes: new Set(scopes),
  ...claims,
});

export const callOf = (caller: Caller, more: Partial<Call> = {}): Call => ({
  caller,
  method: 'orders.v1.OrderService/GetOrder',
  deadline: performance.now() + 10_000,
  signal: new AbortController().signal,
  correlationId: randomUUID(),
  ...more,
});

/** The message of an answer; throws a refusal. */
export const messageOf = <Message>(outcome: Outcome<Message>): Message => {
  if (outcome.kind === 'refused') throw new Error(`${outcome.status} ${outcome.code}: ${outcome.because}`);
  return outcome.message;
};

/** Status and code of a refusal; throws an answer. */
export const refusalOf = (outcome: Outcome<unknown>): Pick<Refusal, 'status' | 'code'> => {
  if (outcome.kind === 'answered') throw new Error('answered');
  return { status: outcome.status, code: outcome.code };
};

/** Opens what the tests seal: the address is JSON, everything else says what it was. `erased` names subjects whose key is gone. */
export const openerOf =
  (options: { readonly erased?: ReadonlySet<string>; readonly asked?: Sealed[] } = {}) =>
  async (values: readonly Sealed[]): Promise<readonly Opened[]> => {
    options.asked?.push(...values);
    return values.map(({ subject, field, sealed }) => {
      if (options.erased?.has(subject)) return { kind: 'erased' };
      const address = { recipient: 'Ada', line1: 'Street 1', line2: '', postalCode: '10115', city: 'Berlin' };
      return { kind: 'open', text: field === 'address' ? JSON.stringify(address) : `open ${sealed}` };
    });
  };
