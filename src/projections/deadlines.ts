import { catalogue, type DomainEvent } from '../domain/catalogue.ts';
import { deadlineEvents, deadlinesOf, type Deadline } from '../domain/deadlines.ts';
import { documents } from './projection.ts';

/** A time that something waits for. */
export type DeadlineRow = {
  readonly stream: string;
  readonly kind: Deadline['kind'];
  readonly subject: string;
  /** What is folded together: the stream, or one of an offer's reservations, of which there may be thousands. */
  readonly group_key: string;
  readonly due_at: Date;
  /** The time as the event says it: its command names it so. */
  readonly fact: string;
  readonly event_id: string;
  /** When that event was recorded, which never goes back along the log: who has looked knows what came later. */
  readonly set_at: string | Date;
  readonly correlation_id: string;
};

type DeadlineEvent = Extract<DomainEvent, { readonly type: (typeof deadlineEvents)[number] }>;
const types: readonly string[] = deadlineEvents;

/** Every time that a fact has named and nothing has overtaken; who runs deadlines asks for those that are due. */
export const deadlines = documents<DeadlineRow, DeadlineEvent>({
  name: 'deadlines',
  version: 1,
  on: catalogue.filter(({ type }) => types.includes(type)) as readonly { readonly type: DeadlineEvent['type'] }[],
  create: (table) => `
    create table ${table} (
      stream         text        not null collate "C",
      kind           text        not null collate "C",
      subject        text        not null collate "C",
      group_key      text        not null collate "C",
      due_at         timestamptz not null,
      fact           text        not null,
      event_id       uuid        not null,
      set_at         timestamptz not null,
      correlation_id text        not null,
      primary key (stream, kind, subject)
    );
    create index on ${table} (group_key);
  `,
  indexes: ['(due_at)', '(set_at)'],
  key: ['stream', 'kind', 'subject'],
  groupColumn: 'group_key',
  group: groupOf,
  begins: ({ revision }) => revision === 0,

  evolve(rows, event) {
    const { set, cleared } = deadlinesOf(event);
    const isGone = ({ kind, subject }: DeadlineRow): boolean =>
      cleared.some((gone) => gone.kind === kind && (gone.subject === undefined || gone.subject === subject)) ||
      set.some((deadline) => deadline.kind === kind && deadline.subject === subject);
    return [
      ...rows.filter((row) => !isGone(row)),
      ...set.map(({ stream, kind, subject, dueAt, eventId }) => ({
        ...{ stream, kind, subject, group_key: groupOf(event), due_at: new Date(dueAt), fact: dueAt, event_id: eventId },
        set_at: event.recordedAt,
        correlation_id: event.meta.correlationId,
      })),
    ];
  },
});

function groupOf({ type, stream, data }: DeadlineEvent & { readonly stream: string }): string {
  const isReservation = type === 'StockReserved' || type === 'ReservationConfirmed' || type === 'ReservationReleased';
  return isReservation ? `${stream}/${data.orderId}/${data.lineId}` : stream;
}
