import { ServerInterceptingCall, status as grpcStatus, type ServerInterceptor } from '@grpc/grpc-js';
import { refused, type Refusal } from '../platform/call.ts';
import { grpcError } from './errors.ts';
import { deadlineExceeded } from './thrown.ts';

/**
 * Watches over what happens to a call before its handler is reached. What grpc-js finds wrong there is told as everything else is: it
 * would call a caller's mistakes INTERNAL, and repeat them. A request that has not arrived as a whole after `requestTimeoutMs` is given up.
 */
export const guard =
  (requestTimeoutMs: number): ServerInterceptor =>
  ({ requestStream }, call) => {
    const send = call.sendStatus.bind(call);
    call.sendStatus = (said) => {
      const refusal = said.metadata ? undefined : refusalOf(said.code);
      send(refusal ? grpcError(refusal) : said);
    };
    if (requestStream) return new ServerInterceptingCall(call);
    const timer = setTimeout(() => send(grpcError(requestTimeout)), requestTimeoutMs);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveHalfClose(pass) {
            clearTimeout(timer);
            pass();
          },
          onCancel: () => clearTimeout(timer),
        }),
    });
  };

/** Statuses without metadata are not ours: ours always carry the details of the error. */
const refusalOf = (code: grpcStatus): Refusal | undefined => {
  if (code === grpcStatus.INTERNAL)
    return refused('invalid', 'INVALID_CALL', 'The call cannot be read: its grpc-timeout or its compression is none.');
  if (code === grpcStatus.RESOURCE_EXHAUSTED) return refused('too_large', 'BODY_TOO_LARGE', 'The message is larger than is taken.');
  return code === grpcStatus.DEADLINE_EXCEEDED ? deadlineExceeded : undefined;
};

const requestTimeout = refused('invalid', 'REQUEST_TIMEOUT', 'The request did not arrive as a whole in time.');
