/** A pure aggregate: what may happen (`decide`) and what has (`evolve`). */
export type Decider<State, Command, Event, Code extends string> = {
  readonly initial: State;
  readonly decide: (command: Command, state: State) => Decision<Event, Code>;
  readonly evolve: (state: State, event: Event) => State;
};

/** Accepted with the events to append (none: it had happened already), or refused with a code of the error table. */
export type Decision<Event, Code extends string> = Accepted<Event> | Rejected<Code>;

type Accepted<Event> = { readonly kind: 'accepted'; readonly events: readonly Event[] };
export type Rejected<Code extends string> = { readonly kind: 'rejected'; readonly code: Code; readonly because: string };

export const accepted = <Event>(...events: readonly Event[]): Accepted<Event> => ({ kind: 'accepted', events });
export const rejected = <Code extends string>(code: Code, because: string): Rejected<Code> => ({ kind: 'rejected', code, because });
