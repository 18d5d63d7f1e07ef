import { randomUUID } from 'node:crypto';
import { filterOf } from './filter.ts';
import { compareToPlace, endOfStream, type Log } from './log.ts';
import { eventMessage, nameOf, streamDeleted } from './messages.ts';
import { placeOf, signs, type ReadOptions, type Send } from './sending.ts';

/** So many events behind, a subscription that was live is catching up again. */
const pageEvents = 32;

/** Follows the whole log from after a place on, with checkpoints for what a filter leaves out. */
export const followLog = async (log: Log, options: ReadOptions, send: Send): Promise<void> => {
  const all = options.getAll()!;
  const { matches, checkpointEvery } = filterOf(options);
  const after = all.hasPosition() ? placeOf(log, all.getPosition()!) : undefined;
  await send(signs.confirmed(randomUUID()));
  // A place past the end is taken as it is: what is written up to it will not be sent.
  let index = all.hasEnd() ? log.events.length : after ? log.indexAt({ commit: after.commit, prepare: after.prepare + 1 }) : 0;
  let checkpoint: readonly [string, string] | undefined = after ? [String(after.commit), String(after.prepare)] : undefined;
  let considered = 0;
  let live = false;
  for (;;) {
    const grown = log.grown();
    if (live && log.events.length - index > pageEvents) live = false;
    for (; index < log.events.length; index += 1) {
      const event = log.events[index]!;
      const place = String(event.position);
      // Also when it was written later than this call began.
      if (after && compareToPlace(event, after) <= 0) continue;
      considered += 1;
      if (matches(event)) {
        await send(eventMessage(event, send.structuredIds, true));
        checkpoint = [place, place];
      }
      if (checkpointEvery !== undefined && considered >= checkpointEvery) {
        considered = 0;
        // While catching up the server names the end of a page that it looked through; what it read there is no event's place.
        checkpoint = live || checkpoint?.[0] === place ? [place, place] : [place, '0'];
        await send(signs.checkpoint(...checkpoint));
      }
    }
    if (!live) {
      live = true;
      if (checkpointEvery !== undefined && checkpoint) await send(signs.checkpoint(...checkpoint));
      await send(signs.caughtUp());
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
