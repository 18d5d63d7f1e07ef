import { PersonalText_Availability, type PersonalText } from '../contract/generated/orders/v1/common.ts';
import type { GetOrderHistoryRequest, GetOrderHistoryResponse, OrderHistoryEntry } from '../contract/generated/orders/v1/orders.ts';
import { catalogue } from '../domain/catalogue.ts';
import type { Sealed } from '../domain/event.ts';
import { orderStream } from '../domain/ids.ts';
import { mayActOnOrder, order } from '../domain/order.ts';
import { addressField, type OrderEvent } from '../domain/order-events.ts';
import type { Order } from '../domain/order-state.ts';
import { decoder } from '../eventstore/event-versions.ts';
import type { EventStore, Recorded } from '../eventstore/event-store.ts';
import { answered, refused, type Caller, type Method } from '../platform/call.ts';
import type { Opened } from '../privacy/sealing.ts';
import { authorityOf } from '../domain/authority.ts';
import { notYours, seesCost, seesPersonal, seesTasks } from './access.ts';
import { changedPaths } from './changed-paths.ts';
import { defaultPageSize } from './page-size.ts';
import { isRefusal, keyOfPage, pageTokenAfter, type Listing } from './page-token.ts';
import { personalText, type Open } from './personal-text.ts';

type Step = { readonly recorded: Recorded; readonly data: unknown; readonly before: unknown; readonly after: unknown };

const decode = decoder(catalogue);

/** A page ends with the entry that exceeds this: each carries the state of the whole order. About a quarter of what gRPC clients take. */
const maxPageBytes = 1024 * 1024;

/**
 * Everything that happened to an order, step by step, read from the event store: for the customer and for support. Costs are cut
 * from event and state alike; sealed values are opened last, with one look-up for the page. Pages are bounded in entries and bytes.
 */
export const orderHistory =
  ({ store, open }: { readonly store: EventStore; readonly open: Open }): Method<GetOrderHistoryRequest, GetOrderHistoryResponse> =>
  async (request, call) => {
    const { caller } = call;
    const orderId = request.orderId.toLowerCase();
    const listing: Listing = { method: 'GetOrderHistory', filter: { orderId }, caller };
    const key = keyOfPage(listing, request.pageToken, [/^\d{1,9}$/]);
    if (isRefusal(key)) return key;
    const first = key ? Number(key[0]) + 1 : 0;
    let end = first + (request.pageSize ?? defaultPageSize);

    const steps: Step[] = [];
    let state: Order = order.initial;
    let more = false;
    let pageBytes = 0;
    for await (const recorded of store.read(orderStream(orderId), { to: end })) {
      call.signal.throwIfAborted();
      if (recorded.revision === end) {
        more = true;
        break;
      }
      const event = decode(recorded) as OrderEvent;
      const before = state;
      state = order.evolve(state, event);
      if (recorded.revision === 0 && !mayActOnOrder(authorityOf(caller), state)) return notYours();
      if (recorded.revision < first || (event.type.startsWith('SupportTask') && !seesTasks(caller))) continue;
      const step = { recorded, data: shown(event.data, caller), before: shown(before, caller), after: shown(state, caller) };
      steps.push(step);
      pageBytes += JSON.stringify([step.data, step.after]).length;
      if (pageBytes >= maxPageBytes) end = recorded.revision + 1;
    }
    if (state.status === 'unplaced') return refused('not_found', 'ORDER_NOT_FOUND', 'No such order is known.');

    const opened = seesPersonal(caller)
      ? await openAll(steps, (values) =>
          open(
            values,
            call,
            values.map(() => orderStream(orderId)),
          ),
        )
      : new Map<string, Opened>();
    return answered({
      events: steps.map((step) => entryOf(step, opened)),
      nextPageToken: more ? pageTokenAfter(listing, [String(end - 1)]) : '',
    });
  };

const entryOf = ({ recorded, data, before, after }: Step, opened: ReadonlyMap<string, Opened>): OrderHistoryEntry => {
  const { id, revision, type, recordedAt, meta } = recorded;
  return {
    revision: BigInt(revision),
    type,
    recordedAt,
    actor: meta.actor,
    reason: meta.reason && readable(meta.reason, opened),
    eventId: id,
    commandId: meta.commandId,
    causationId: meta.causationId ?? '',
    correlationId: meta.correlationId,
    data: mapSealed(data, (sealed) => readablePart(sealed, opened)) as Record<string, unknown>,
    state: mapSealed(after, (sealed) => readablePart(sealed, opened)) as Record<string, unknown>,
    changed: [...changedPaths(mapSealed(before, whole), mapSealed(after, whole))],
  };
};

/** For comparing, a sealed value is one value, not parts. */
const whole = ({ sealed }: Sealed): string => sealed;

/** What is left when costs that are not the caller's are cut, and tasks that are not for it. */
const shown = (value: unknown, caller: Caller): unknown => {
  if (Array.isArray(value)) return value.map((item) => shown(item, caller));
  if (typeof value !== 'object' || value === null) return value;
  const merchantId = (value as { merchantId?: unknown }).merchantId;
  const cost = typeof merchantId === 'string' ? seesCost(caller, merchantId) : caller.scopes.has('orders:cost');
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) =>
      (costs.has(name) && !cost) || (name === 'tasks' && !seesTasks(caller)) ? [] : [[name, shown(part, caller)]],
    ),
  );
};

/** What a merchant paid, and the VAT on its margin, which tells it. */
const costs: ReadonlySet<string> = new Set(['purchasePriceMinor', 'marginVatMinor']);

const openAll = async (
  steps: readonly Step[],
  open: (values: readonly Sealed[]) => Promise<readonly Opened[]>,
): Promise<ReadonlyMap<string, Opened>> => {
  const sealed = new Map<string, Sealed>();
  const collect = (one: Sealed): undefined => void sealed.set(one.sealed, one);
  for (const { recorded, data, after } of steps) {
    mapSealed(data, collect);
    mapSealed(after, collect);
    if (recorded.meta.reason) collect(recorded.meta.reason);
  }
  const values = [...sealed.values()];
  const texts = await open(values);
  return new Map(values.map((value, index) => [value.sealed, texts[index]!]));
};

/** A personal value as far as the caller may see it. */
const readable = ({ sealed }: Sealed, opened: ReadonlyMap<string, Opened>): PersonalText => personalText(opened.get(sealed));

/** The same inside events and states, where an address is sealed as a whole and shown in its parts. */
const readablePart = (sealed: Sealed, opened: ReadonlyMap<string, Opened>): object => {
  const { availability, text } = readable(sealed, opened);
  if (sealed.field !== addressField) return { availability, text };
  return { availability, ...(availability === PersonalText_Availability.AVAILABLE ? (JSON.parse(text) as object) : {}) };
};

/** The same value with every sealed part replaced. */
const mapSealed = (value: unknown, replace: (sealed: Sealed) => unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => mapSealed(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  if (isSealed(value)) return replace(value);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mapSealed(part, replace)]));
};

const isSealed = (value: object): value is Sealed => Object.keys(value).length === 3 && 'subject' in value && 'field' in value && 'sealed' in value;
