// Sees what others see: a read model's place in the log, polled as a waiting query would, and messages as a consumer of another team gets them.
import { once } from 'node:events';
import { connect } from 'amqplib';
import pg from 'pg';
import { now } from '../measure.ts';
import { answerQuestions, partOptions } from '../part.ts';

/** Since when the read model was seen at a position, and when each message came. */
export type Observed = {
  readonly shown: readonly (readonly [position: string, at: number])[];
  readonly received: ReadonlyMap<string, number>;
  readonly polls: number;
};

const { url, rabbitmqUrl, exchange, subscription } = await partOptions<{
  readonly url: string;
  readonly rabbitmqUrl: string;
  readonly exchange: string;
  readonly subscription: string;
}>();
let shown: (readonly [string, number])[] = [];
let received = new Map<string, number>();
let polls = 0;
let last = '';
let ended = false;

const connection = await connect(rabbitmqUrl, { noDelay: true });
const channel = await connection.createChannel();
const { queue } = await channel.assertQueue('', { exclusive: true });
await channel.bindQueue(queue, exchange, '#');
await channel.prefetch(1_000);
await channel.consume(queue, (message) => {
  if (!message) return;
  received.set(String(message.properties.messageId), now());
  channel.ack(message);
});

const client = new pg.Client({ connectionString: url });
await client.connect();
const poll = async (): Promise<void> => {
  while (!ended) {
    const { rows } = await client.query<{ position: string | null }>({
      name: 'place',
      text: 'select position from subscriptions.checkpoints where name = $1',
      values: [subscription],
    });
    const position = rows[0]?.position ?? '';
    polls += 1;
    if (position > last) {
      last = position;
      shown.push([position, now()]);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
const polling = poll();

answerQuestions(
  {
    /** Waits until everything up to a position was shown and so many messages came, then tells and forgets what was seen. */
    observed: async ({ position, messages }: { readonly position: string; readonly messages: readonly string[] }): Promise<Observed> => {
      const deadline = now() + 30_000;
      while (last < position || messages.some((id) => !received.has(id))) {
        if (now() > deadline)
          throw new Error(
            `after 30 s the read model stands at ${last} of ${position}, and ${messages.filter((id) => !received.has(id)).length} messages are missing`,
          );
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const seen = { shown, received, polls };
      shown = [];
      received = new Map();
      polls = 0;
      return seen;
    },
  },
  async () => {
    ended = true;
    await polling;
    const closed = once(connection, 'close');
    await Promise.all([client.end(), connection.close(), closed]);
  },
);
