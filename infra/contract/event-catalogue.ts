import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Sealed, type EventDefinition } from '../../src/domain/event.ts';
import { offerEvents } from '../../src/domain/offer-events.ts';
import { orderEvents } from '../../src/domain/order-events.ts';

/** Where the page stands, from the repository's root. */
export const eventCatalogueFile = 'docs/events.md';

const aggregates: readonly (readonly [name: string, stream: string, events: readonly EventDefinition[]])[] = [
  ['Offer', 'offer-<offer id>', offerEvents],
  ['Order', 'order-<order id>', orderEvents],
];

/** docs/events.md: every event of the log, what it means and what it carries. */
export const eventCataloguePage = (): string => `<!-- Generated from src/domain/ by \`npm run generate\`. Do not edit. -->

# The events of the log

Every change is one of these events, kept for ever. They are stored as JSON, each with its type, its version, the stream it belongs to and
its place there (the revision), its place in the log (the position), the time, and where it comes from: command, actor, cause, correlation.
A shape changes only with its version; older versions are read through upcasters. Other teams' services get integration events instead,
which are versioned on their own.

Amounts are integers in the currency's minor unit. *sealed* is personal data, encrypted under its subject's key: once that key is destroyed it
reads as erased. A field with \`?\` may be missing.
${aggregates.map(([name, stream, events]) => `\n## ${name} (\`${stream}\`)\n${events.map(section).join('')}`).join('')}`;

const section = ({ type, version, means, data }: EventDefinition): string => `
### ${type}, version ${version}

${means}

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
