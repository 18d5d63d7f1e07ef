import type { Pool } from '../platform/database.ts';
import { Counter, Gauge, Histogram, durationBuckets, type Registry } from '../platform/metrics.ts';

export type ProcessMetrics = {
  readonly events: Counter<'process'>;
  readonly sent: Counter<'process' | 'outcome'>;
  readonly sliceSeconds: Histogram<'process'>;
};

/** What processes tell: events reacted to, commands by outcome, what is on its way, and (read when scraped) the oldest command without an answer. */
export const processMetrics = (options: {
  readonly registry: Registry;
  readonly pool: Pool;
  readonly leads: () => ReadonlyMap<string, boolean>;
  /** Commands read or decided on by this process, and not answered yet; of those, how many are tried again. */
  readonly sizes: () => ReadonlyMap<string, { readonly outstanding: number; readonly retrying: number }>;
}): ProcessMetrics => {
  const { registry, pool, leads, sizes } = options;
  const labelNames = ['process'] as const;
  const registers = [registry];
  new Gauge({
    name: 'subscription_leader',
    help: '1 while this process holds the lease of the subscription, 0 while it stands by.',
    labelNames: ['subscription'],
    registers,
    collect() {
      for (const [subscription, leading] of leads()) this.set({ subscription }, leading ? 1 : 0);
    },
  });
  for (const [name, help, of] of [
    ['process_outstanding_commands', 'Commands decided on and not answered yet.', 'outstanding'],
    ['process_retrying_commands', 'Commands that failed and are tried again.', 'retrying'],
  ] as const)
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [process, size] of sizes()) this.set({ process }, size[of]);
      },
    });
  new Gauge({
    name: 'process_oldest_command_seconds',
    help: 'Age of the oldest stored command that has no answer and does not wait for an operator; 0 when there is none.',
    labelNames,
    registers,
    async collect() {
      const ages = await oldestCommands(pool).catch(() => undefined);
      this.reset();
      // A value that cannot be read now is absent, not old.
      if (ages) for (const process of leads().keys()) this.set({ process }, ages.get(process) ?? 0);
    },
  });
  return {
    events: new Counter({ name: 'process_events_total', help: 'Events that a process has reacted to.', labelNames, registers }),
    sent: new Counter({
      name: 'process_commands_total',
      help: 'Commands that a process has sent, by outcome: settled, a refusal with its code, or failed.',
      labelNames: ['process', 'outcome'],
      registers,
    }),
    sliceSeconds: new Histogram({
      name: 'process_slice_seconds',
      help: 'From a part of the log to the commit of what a process makes of it.',
      labelNames,
      registers,
      buckets: durationBuckets,
    }),
  };
};

const oldestCommands = async (pool: Pool): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await pool.query<{ process: string; seconds: number }>(
    `select process, extract(epoch from clock_timestamp() - min(created_at))::float8 as seconds
       from processes.outgoing o
      where not exists (select from processes.outgoing s where s.process = o.process and s.key = o.key and s.error is not null)
   group by process`,
  );
  return new Map(rows.map(({ process, seconds }) => [process, seconds]));
};
