import { noAnswer, noConnection, type Api, type Reply } from './api.ts';
import type { Screen } from './screen.ts';
import type { Tally } from './tally.ts';

/** Asks; counts what is no answer, and tells of errors. */
export type Ask = <Answer>(api: Api, send: (api: Api) => Promise<Reply<Answer>>) => Promise<Reply<Answer>>;

export const createAsk =
  ({ tally, screen }: { readonly tally: Tally; readonly screen: Pick<Screen, 'tell'> }): Ask =>
  async (api, send) => {
    const reply = await send(api);
    if (reply.kind === 'refused') tally.refused(reply.code);
    if (reply.kind === 'failed') {
      const isOurs = reply.code === noConnection || reply.code === noAnswer;
      tally.failed(isOurs ? `${reply.code} (${api.transport})` : reply.code);
      screen.tell({ label: 'error', what: `${api.transport}: ${reply.code}. ${reply.because}` });
    }
    return reply;
  };
