import { isConnectionError, type Pool } from '../../platform/database.ts';
import type { Logger } from '../../platform/logging.ts';
import type { AppendResult } from '../event-store.ts';
import { formatPosition } from './position.ts';
import type { SerialisedAppend } from './serialised-append.ts';

/** A batch under way for longer than this is given up with its connection: the server has gone quiet. */
const stuckMs = 15_000;

/**
 * Calls the procedure for one batch on a connection of its own; `sending` is called when a connection was had. Throws what
 * the connection or the server says; see {@link storedNothing}.
 */
export const appendBatch = async (
  pool: Pool,
  batch: readonly SerialisedAppend[],
  { logger, sending }: { readonly logger: Logger; readonly sending: () => void },
): Promise<readonly AppendResult[]> => {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const stuck = setTimeout(() => {
    logger.warn({ appends: batch.length, afterMs: stuckMs }, 'the event store does not answer: its connection is given up');
    (client as unknown as { connection: { stream: { destroy: (error: Error) => void } } }).connection.stream.destroy(
      new Error('Connection terminated: no answer'),
    );
  }, stuckMs);
  try {
    sending();
    const { rows } = await client.query<Answer>({
      name: 'log.append',
      text: 'call log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, null, null, null)',
      values: [
        batch.map(({ stream }) => stream).join(','),
        batch.map(({ expected }) => expected).join(','),
        batch.map(({ count }) => count).join(','),
        batch.map(({ stream, count }) => (count === 1 ? stream : `${stream},`.repeat(count).slice(0, -1))).join(','),
        batch.map(({ revisions }) => revisions).join(','),
        batch.map(({ ids }) => ids).join(','),
        batch.map(({ types }) => types).join(','),
        batch.map(({ versions }) => versions).join(','),
        batch.map(({ data }) => data).join('\n'),
        batch.map(({ metas }) => metas).join('\n'),
      ],
    });
    return resultsOf(batch, rows[0]!);
  } catch (error) {
    if (!storedNothing(error)) broken ??= error as Error;
    throw error;
  } finally {
    clearTimeout(stuck);
    client.off('error', onError);
    client.release(broken);
  }
};

type Answer = { readonly head: number; readonly revisions: string | null; readonly positions: string | null };

const resultsOf = (batch: readonly SerialisedAppend[], { head, revisions, positions }: Answer): readonly AppendResult[] => {
  if (revisions === null || positions === null) {
    let position = head;
    return batch.map(({ expected, count }): AppendResult => {
      position += count;
      return { kind: 'appended', revision: expected + count, position: formatPosition(position) };
    });
  }
  const [revision, position] = [revisions.split(','), positions.split(',')];
  return batch.map((_, index): AppendResult => {
    const [at, place] = [Number(revision[index]), Number(position[index])];
    if (place === 0) return { kind: 'conflict', actual: at < 0 ? 'none' : at };
    return { kind: 'appended', revision: at, position: formatPosition(place) };
  });
};

/** An error that the server reported about a statement, on a connection that goes on. */
export const isServerError = (error: unknown): boolean => !isConnectionError(error) && (error as { severity?: unknown }).severity !== undefined;

/** Only an error that the server reported before its commit proves that a batch stored nothing; a cancelled statement may have been past it. */
export const storedNothing = (error: unknown): boolean => isServerError(error) && (error as { code?: unknown }).code !== '57014';
