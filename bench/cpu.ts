import { readFileSync } from 'node:fs';
import type pg from 'pg';
import type { Sample } from './measure.ts';
import type { Part } from './part.ts';
import { counted, type RoleProcess } from './platform.ts';

/** Seconds of CPU that something has used so far. */
export type CpuClock = () => Promise<number>;

/** Adds to a round what it cost in CPU, per completed operation and in microseconds: less of the machine's noise than its rate. */
export const withCpu =
  (round: () => Promise<Sample>, durationMs: number, clocks: Readonly<Record<string, CpuClock>>) => async (): Promise<Sample> => {
    const read = (): Promise<readonly number[]> => Promise.all(Object.values(clocks).map((clock) => clock()));
    const before = await read();
    const sample = await round();
    const after = await read();
    const operations = (sample['rate']! * durationMs) / 1_000;
    return { ...sample, ...Object.fromEntries(Object.keys(clocks).map((name, nth) => [name, ((after[nth]! - before[nth]!) * 1e6) / operations])) };
  };

/** The CPU of the platform's processes. */
export const cpuOfRoles =
  (processes: readonly RoleProcess[]): CpuClock =>
  async () =>
    [...(await counted(processes, 'process_cpu_seconds_total', '', 'role')).values()].reduce((sum, seconds) => sum + seconds, 0);

/** The CPU of a benchmark's own processes. */
export const cpuOfParts =
  (parts: readonly Part[]): CpuClock =>
  async () =>
    (await Promise.all(parts.map(({ ask }) => ask<number>('cpu')))).reduce((sum, seconds) => sum + seconds, 0);

/** The CPU of the PostgreSQL processes behind a connection's server, those that come and go included; 0 where they are not on this Linux machine. */
export const cpuOfPostgres = (client: pg.Client): CpuClock => {
  let seen = new Map<number, number>();
  let total = 0;
  return async () => {
    const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity');
    const now = new Map(rows.map(({ pid }) => [pid, secondsOf(pid)]));
    for (const [pid, seconds] of now) total += seconds - (seen.get(pid) ?? 0);
    seen = now;
    return total;
  };
};

/** From /proc (proc_pid_stat(5)): user and system time in hundredths of a second. */
const secondsOf = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
};
