import { readdirSync, readFileSync } from 'node:fs';
import { catalogue, type DomainEvent } from '../../src/domain/catalogue.ts';
import { deadlineEvents, deadlinesOf } from '../../src/domain/deadlines.ts';
import { processes } from '../../src/domain/processes/processes.ts';
import { sandbox } from '../../src/domain/processes/sandbox.ts';
import { readModels } from '../../src/projections/read-models.ts';
import { translate } from '../../src/projections/translators.ts';
import { decoder } from '../../src/eventstore/event-versions.ts';

/** What happens when an event of a type does: `[what, names]`, without what does not. */
export const reactionsTo = (type: string): readonly (readonly [what: string, names: readonly string[]])[] => {
  const examples = stored.filter((event) => event.type === type);
  const deadlines = examples.map(deadlineChanges);
  const all: readonly (readonly [string, readonly string[]])[] = [
    ['Sets the deadlines', deadlines.flatMap(({ set }) => set)],
    ['Ends the deadlines', deadlines.flatMap(({ ended }) => ended)],
    ['Processes', [...processes, sandbox].filter(({ on }) => (on as readonly string[]).includes(type)).map(({ name }) => name)],
    [
      'Read models',
      readModels.filter(({ on }) => on.some((event) => event.type === type)).flatMap(({ name, ...model }) => [name, ...partsOf(model)]),
    ],
    ['Told as', examples.flatMap((event) => translate(event, { stream: `${aggregateOf(event)}-${anId}`, recordedAt: new Date(0) })?.type ?? [])],
  ];
  return all.map(([what, names]) => [what, [...new Set(names)]] as const).filter(([, names]) => names.length > 0);
};

/** What a translator or a deadline makes of an event is seen by an example of each, as the golden corpus has them. */
const corpus = new URL('../../test/domain/golden/', import.meta.url);
const decode = decoder(catalogue);
const stored: readonly DomainEvent[] = readdirSync(corpus).flatMap((file) => {
  const golden = JSON.parse(readFileSync(new URL(file, corpus), 'utf8')) as { type: string; schemaVersion: number; stored: readonly unknown[] };
  return golden.stored.map((data) => decode({ ...golden, data }));
});

const anId = '00000000-0000-4000-8000-000000000000';
const aggregateOf = ({ type }: DomainEvent): string => (/^(Offer|Stock|Price|Reservation)/.test(type) ? 'offer' : 'order');

const deadlineChanges = (event: DomainEvent): { readonly set: readonly string[]; readonly ended: readonly string[] } => {
  if (!(deadlineEvents as readonly string[]).includes(event.type)) return { set: [], ended: [] };
  const { set, cleared } = deadlinesOf({ ...event, stream: `${aggregateOf(event)}-${anId}`, id: anId } as Parameters<typeof deadlinesOf>[0]);
  return { set: set.map(({ kind }) => kind), ended: cleared.map(({ kind }) => kind) };
};

const partsOf = (model: { readonly parts?: readonly { readonly name: string }[] }): readonly string[] => (model.parts ?? []).map(({ name }) => name);
