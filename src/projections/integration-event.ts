import type { LogIdentity, Logged } from '../eventstore/event-store.ts';
import type { OutgoingMessage } from '../messaging/publisher.ts';

/** What a domain event says to other teams' services. Versioned apart from the event it follows from; carries nothing personal. */
export type IntegrationEvent = {
  /** `orders.<name in kebab case>.v<n>`; also the routing key. */
  readonly type: `orders.${string}.v${number}`;
  /** What it is about: `orders/<id>`, `offers/<id>`. */
  readonly subject: string;
  /** The order or offer: messages of one key arrive in order. */
  readonly partitionKey: string;
  /** A message of `orders.events.v1`. */
  readonly data: object;
};

/**
 * The message of an integration event: CloudEvents 1.0 in binary mode. The official binding is for AMQP 1.0; on AMQP 0-9-1 its
 * attribute names are used with the prefix `cloudEvents:` as headers.
 */
export const messageOf = ({ type, subject, partitionKey, data }: IntegrationEvent, event: Logged, log: LogIdentity): OutgoingMessage => ({
  routingKey: type,
  messageId: event.id,
  contentType: 'application/json',
  headers: {
    'cloudEvents:specversion': '1.0',
    'cloudEvents:id': event.id,
    'cloudEvents:source': `/orders/${log.id}`,
    'cloudEvents:type': type,
    'cloudEvents:subject': subject,
    'cloudEvents:time': event.recordedAt.toISOString(),
    'cloudEvents:partitionkey': partitionKey,
    'cloudEvents:sequence': sequenceOf(event, log),
    'cloudEvents:correlationid': event.meta.correlationId,
    ...(event.meta.traceparent === undefined ? {} : { 'cloudEvents:traceparent': event.meta.traceparent }),
  },
  content: Buffer.from(protoJson(data)),
});

/** The log's generation and the position in it, as text that sorts: a restored or copied log never falls behind its predecessor. */
const sequenceOf = ({ position }: Logged, { generation }: LogIdentity): string => `${String(generation).padStart(10, '0')}-${position}`;

/** Proto3 JSON with the proto's own field names, zeros included. For messages without maps and bytes, which events do not have. */
export const protoJson = (message: object): string => JSON.stringify(plain(message));

const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) fields[protoName(name)] = plain(field);
  return fields;
};

const protoNames = new Map<string, string>();
const protoName = (name: string): string => {
  const known = protoNames.get(name);
  if (known !== undefined) return known;
  const made = name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
  protoNames.set(name, made);
  return made;
};
