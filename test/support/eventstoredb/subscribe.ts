import { randomUUID } from 'node:crypto';
import { filterOf } from './filter.ts';
import { comparePlaces, compareToPlace, endOfStream, type Log, type Place, type StoredEvent } from './log.ts';
import { eventMessage, invalidPosition, nameOf, streamDeleted } from './messages.ts';
import { beginsRecord, placeOf, signs, type ReadOptions, type Send } from './sending.ts';

/** How many events the server has ready for a subscription; one that is further behind catches up again. */
const readyEvents = 32;
const beforeAll: Place = { commit: -1, prepare: -1 };

/**
 * Follows the whole log from after a place on. While it catches up it reads page after page, and a checkpoint names what has been
 * sent or, when nothing was, where the page began; later every so many events have one of their own.
 */
export const followLog = async (log: Log, options: ReadOptions, send: Send): Promise<void> => {
  const all = options.getAll()!;
  const { matches, windowEvents, checkpointEvery } = filterOf(options);
  let index = log.events.length;
  let newest = log.events.at(-1)!.position;
  // A place past the end is taken as it is: what is written up to it will not be sent.
  let sent = all.hasPosition() ? placeOf(all.getPosition()!) : all.hasEnd() ? { commit: newest, prepare: newest } : beforeAll;
  let named: Place | undefined;
  await send(signs.confirmed(randomUUID()));

  const sendIfNew = async (event: StoredEvent): Promise<void> => {
    if (!matches(event) || compareToPlace(event, sent) <= 0) return;
    await send(eventMessage(event, send.structuredIds, true));
    sent = { commit: event.position, prepare: event.position };
  };
  const checkpoint = async (): Promise<void> => {
    if (checkpointEvery === undefined || (named && comparePlaces(sent, named) <= 0)) return;
    await send(signs.checkpoint(sent));
    named = sent;
  };

  const catchUp = async (): Promise<void> => {
    let begin = sent === beforeAll ? { commit: 0, prepare: 0 } : sent;
    let considered = 0;
    if (!beginsRecord(log, begin)) throw invalidPosition();
    index = log.indexAt(begin);
    for (;;) {
      const page = log.events.slice(index, index + windowEvents);
      for (const event of page) await sendIfNew(event);
      index += page.length;
      considered += page.length;
      const next = log.events[index];
      if (!next) return checkpoint();
      if (checkpointEvery !== undefined && considered >= checkpointEvery) {
        considered %= checkpointEvery;
        if (comparePlaces(sent, begin) < 0) sent = begin;
        await checkpoint();
      }
      begin = { commit: next.position, prepare: 0 };
    }
  };

  if (compareToPlace({ position: newest }, sent) > 0) await catchUp();
  await send(signs.caughtUp());
  for (let considered = 0; ;) {
    const grown = log.grown();
    if (log.events.length - index > readyEvents) {
      await checkpoint();
      await catchUp();
      await send(signs.caughtUp());
      continue;
    }
    for (; index < log.events.length; index += 1) {
      const event = log.events[index]!;
      newest = event.position;
      await sendIfNew(event);
      considered += 1;
      if (checkpointEvery === undefined || considered < checkpointEvery) continue;
      considered = 0;
      if (compareToPlace(event, sent) < 0) continue;
      sent = { commit: newest, prepare: newest };
      await checkpoint();
    }
    await unlessGone(send, grown);
  }
};

/** Follows one stream from after a revision on. */
export const followStream = async (log: Log, options: ReadOptions, send: Send): Promise<void> => {
  const place = options.getStream()!;
  const stream = nameOf(place.getStreamIdentifier());
  if (log.read(stream) === 'deleted') throw streamDeleted(stream);
  await send(signs.confirmed(randomUUID()));
  let live = false;
  const after = place.hasRevision() ? BigInt(place.getRevision()) : -1n;
  for (let index = place.hasEnd() ? log.events.length : 0; ;) {
    const grown = log.grown();
    for (; index < log.events.length; index += 1) {
      const event = log.events[index]!;
      if (event.stream !== stream || event.revision <= after) continue;
      await send(eventMessage(event, send.structuredIds, true));
      if (event.revision === endOfStream) throw streamDeleted(stream);
    }
    if (!live) await send(signs.caughtUp());
    live = true;
    await unlessGone(send, grown);
  }
};

const unlessGone = (send: Send, grown: Promise<void>): Promise<void> =>
  new Promise((resolve, reject) => {
    const gone = (): void => reject(send.gone.reason as Error);
    if (send.gone.aborted) return gone();
    send.gone.addEventListener('abort', gone, { once: true });
    void grown.then(() => {
      send.gone.removeEventListener('abort', gone);
      resolve();
    });
  });
