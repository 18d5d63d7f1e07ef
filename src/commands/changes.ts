import type { CommandAnswer } from '../contract/generated/orders/v1/common.ts';
import type { Authority } from '../domain/authority.ts';
import type { DomainEvent } from '../domain/catalogue.ts';
import type { Decider } from '../domain/decider.ts';
import { answered, type Call, type Method, type Refusal } from '../platform/call.ts';
import type { CommandResult, Handle } from './handle.ts';
import type { At } from './judge.ts';

/** What a request that changes something carries, whatever it changes. */
type ChangeRequest<Id extends string> = Readonly<Record<Id, string>> & {
  readonly requestId: string;
  readonly etag?: string;
  readonly reason?: string;
};

/** What the methods that change one kind of aggregate share. */
type Changed<State, Command, Event, Code extends string, Id extends string> = {
  readonly decider: Decider<State, Command, Event, Code>;
  readonly stream: (id: string) => string;
  /** The field of requests with the aggregate's id. */
  readonly id: Id;
  /** The person under whose key the caller's reason is sealed; undefined where nothing stands. */
  readonly subject: (state: State, call: Call, id: string) => string | undefined;
};

/** What tells one method that changes an aggregate from another. */
type Change<State, Command, Request> = {
  /** The method's name, as in `CancelOrder`. */
  readonly method: string;
  readonly codec: { encode(message: Request): { finish(): Uint8Array } };
  readonly may: (authority: Authority, state: State, request: Request) => boolean;
  /** The request carries personal data beside the reason. */
  readonly isPersonal?: boolean;
  readonly command: (request: Request, at: At & { readonly call: Call }, state: State) => Command | Refusal;
};

/**
 * The methods that change what stands already, by what sets them apart. `answering` gives methods with an answer of their
 * own; the others answer with the revision and a consistency token.
 */
export const changes = <State, Command, Event extends DomainEvent, Code extends string, Id extends string>(
  handle: Handle,
  changed: Changed<State, Command, Event, Code, Id>,
): {
  readonly change: <Request extends ChangeRequest<Id>>(change: Change<State, Command, Request>) => Method<Request, CommandAnswer>;
  readonly answering: <Request extends ChangeRequest<Id>, Response>(
    change: Change<State, Command, Request>,
    answer: (request: Request, result: CommandResult) => Response,
  ) => Method<Request, Response>;
} => {
  const { decider, stream } = changed;

  const answering =
    <Request extends ChangeRequest<Id>, Response>(
      { method, codec, may, isPersonal = false, command }: Change<State, Command, Request>,
      answer: (request: Request, result: CommandResult) => Response,
    ): Method<Request, Response> =>
    async (request, call) => {
      const { requestId, etag = '', reason = '' } = request;
      const id = request[changed.id];
      const outcome = await handle(decider, {
        method,
        call,
        requestId,
        etag,
        bytes: codec.encode({ ...request, requestId: '', etag: '' }).finish(),
        id,
        creates: false,
        stream,
        may: (authority, state) => may(authority, state, request),
        subject: (state) => (reason !== '' || isPersonal ? changed.subject(state, call, id) : undefined),
        ...(reason === '' ? {} : { reason }),
        command: (at, state) => command(request, { ...at, call }, state),
      });
      return outcome.kind === 'refused' ? outcome : answered(answer(request, outcome.message));
    };

  return { answering, change: (change) => answering(change, (_, { revision, consistencyToken }) => ({ revision, consistencyToken })) };
};
