import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { customerEvents } from '../../src/domain/customer.ts';
import { Sealed, type EventDefinition } from '../../src/domain/event.ts';
import { offerEvents } from '../../src/domain/offer-events.ts';
import { orderEvents } from '../../src/domain/order-events.ts';
import { paymentEvents } from '../../src/domain/payment-events.ts';
import { returnEvents } from '../../src/domain/return-events.ts';
import { customerOrigins, offerOrigins, orderOrigins, paymentOrigins, returnOrigins } from './event-origins.ts';
import { reactionsTo } from './event-reactions.ts';

/** Where the page stands, from the repository's root. */
export const eventCatalogueFile = 'docs/events.md';

type Aggregate = {
  readonly name: string;
  readonly stream: string;
  readonly events: readonly EventDefinition[];
  readonly origins: Readonly<Record<string, readonly string[]>>;
};

const aggregates: readonly Aggregate[] = [
  { name: 'Offer', stream: 'offer-<offer id>', events: offerEvents, origins: offerOrigins },
  { name: 'Order', stream: 'order-<order id>', events: orderEvents, origins: orderOrigins },
  { name: 'Payment', stream: 'payment-<payment id>', events: paymentEvents, origins: paymentOrigins },
  { name: 'Return', stream: 'return-<return id>', events: returnEvents, origins: returnOrigins },
  { name: 'Customer', stream: 'customer-<customer id>', events: customerEvents, origins: customerOrigins },
];

/** docs/events.md: every event of the log, what it means and what it carries. */
export const eventCataloguePage = (): string => `<!-- Generated from src/domain/ by \`npm run generate\`. Do not edit. -->

# The events of the log

Every change is one of these events, kept for ever. They are stored as JSON, each with its type, its version, the stream it belongs to and
its place there (the revision), its place in the log (the position), the time, and where it comes from: command, actor, cause, correlation.
A shape changes only with its version; older versions are read through upcasters. Other teams' services get integration events instead,
which are versioned on their own. What the aggregates are, and how these events follow from each other, is told in [domain.md](domain.md).

Each event names the commands that make it, the deadlines it sets and ends, the processes and read models that react to it, and the
[integration event](integration-events.md) that other services get of it.

Amounts are integers in the currency's minor unit. *sealed* is personal data, encrypted under its subject's key: once that key is destroyed it
reads as erased. A field with \`?\` may be missing.
${aggregates.map((aggregate) => `\n## ${aggregate.name} (\`${aggregate.stream}\`)\n${aggregate.events.map((event) => section(event, aggregate)).join('')}`).join('')}`;

const section = ({ type, version, means, data }: EventDefinition, { origins }: Aggregate): string => `
### ${type}, version ${version}

${means}

${[['Made by', origins[type]!], ...reactionsTo(type)].map(([what, names]) => `- ${what}: ${(names as readonly string[]).map((name) => `\`${name}\``).join(', ')}`).join('\n')}

| Field | |
|---|---|
${rows('', data).join('\n')}
`;

/** The keywords of JSON Schema that event shapes use. */
type Shape = {
  readonly type?: string;
  readonly const?: string;
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
};

/** One row a field; what stands inside objects and lists is named by its path. */
const rows = (path: string, { properties = {}, required = [] }: Shape): readonly string[] =>
  Object.entries(properties).flatMap(([name, shape]) => {
    const field = `${path}${name}${required.includes(name) ? '' : '?'}`;
    if (isSealed(shape)) return [`| \`${field}\` | *sealed* |`];
    if (shape.type === 'object') return rows(`${field}.`, shape);
    if (shape.items?.type === 'object') return rows(`${field}[].`, shape.items);
    return [`| \`${field}\` | ${described(shape)} |`];
  });

const sealedText = JSON.stringify(Sealed);
const isSealed = (shape: Shape): boolean => JSON.stringify(shape) === sealedText;

const described = (shape: Shape): string => {
  if (shape.anyOf) return shape.anyOf.map((option) => `\`${option.const}\``).join(', ');
  if (shape.format === 'uuid') return 'UUID';
  if (shape.format === 'date-time') return 'time';
  if (shape.pattern) return `text like \`${shape.pattern}\``;
  if (shape.type === 'integer')
    return `integer, ${[shape.minimum, shape.maximum]
      .map((bound) => bound?.toLocaleString('en') ?? '')
      .join(' to ')
      .replace(/ to $/, ' or more')}`;
  if (shape.type === 'string') return 'text';
  throw new Error(`no description for ${JSON.stringify(shape)}`);
};

/** Writes the page below a root. */
export const generateEventCatalogue = (root: string): Promise<void> => writeFile(resolve(root, eventCatalogueFile), eventCataloguePage());
