import type { Pool } from '../../platform/database.ts';
import { gather } from '../../platform/gather.ts';
import { validName, type Recorded, type StreamRange, type StreamTail } from '../event-store.ts';
import { columns, loggedOf, type Row } from './rows.ts';

const pageLimits = { events: 500, bytes: 8 * 1024 * 1024 } as const;

/** Events of one stream in pages that are bounded in events and in bytes; see the port's `read`. */
export async function* readStream(pool: Pool, stream: string, range: StreamRange = {}): AsyncGenerator<Recorded> {
  const { from = 0, to = 2 ** 31 - 1, backwards = false, limit = Infinity } = range;
  let [low, high] = [from, to];
  const direction = backwards ? 'desc' : 'asc';
  let left = limit;
  while (left > 0 && low <= high) {
    const { rows } = await pool.query<Row>({
      name: backwards ? 'log.read-backwards' : 'log.read',
      text: `
        select ${columns}
          from (select *, sum(bytes) over (order by revision ${direction}) - bytes as before
                  from (select *
                          from log.events
                         where stream = $1 and revision between $2 and $3
                         order by revision ${direction}
                         limit $4) asked) page
         where before < $5
         order by revision ${direction}`,
      values: [stream, low, high, Math.min(left, pageLimits.events), pageLimits.bytes],
      rowMode: 'array',
    } as never);
    for (const row of rows) yield loggedOf(row);
    const last = rows.at(-1);
    if (!last) return;
    left -= rows.length;
    if (backwards) high = last[1] - 1;
    else low = last[1] + 1;
  }
}

/** The port's `readTails`. Calls that come in while a query is under way share the next one. */
export const tailReader = (pool: Pool): ((streams: readonly StreamTail[]) => Promise<readonly (readonly Recorded[])[]>) => {
  const load = async (tails: readonly StreamTail[]): Promise<readonly (readonly Recorded[])[]> => {
    const { rows } = await pool.query<[nth: number, ...Row]>({
      name: 'log.read-tails',
      text: `
        select t.nth, e.*
          from unnest(string_to_array($1, ','), string_to_array($2, ',')::integer[]) with ordinality t (stream, revision, nth)
         cross join lateral (
               select ${columns} from log.events where stream = t.stream and revision >= t.revision order by revision) e`,
      values: [tails.map(({ stream }) => (validName(stream) ? stream : '')).join(','), tails.map(({ from }) => from).join(',')],
      rowMode: 'array',
    } as never);
    const found: Recorded[][] = tails.map(() => []);
    for (const [nth, ...row] of rows) found[nth - 1]!.push(loggedOf(row));
    for (const events of found) events.sort((a, b) => a.revision - b.revision);
    return found;
  };
  const one = gather(load, { maxBatch: 1_000, inFlight: 1 });
  return (streams) => Promise.all(streams.map(one));
};
