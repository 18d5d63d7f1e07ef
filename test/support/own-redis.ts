import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openInstance } from '../../infra/local/instance.ts';
import { rememberedPorts } from '../../infra/local/ports.ts';
import { findRedis, startRedis } from '../../infra/local/redis.ts';
import { afterwards } from './afterwards.ts';
import { evenIfWeEnd, signal, temporaryFolder } from './role-process.ts';

/** A Redis of the test file's own, which it may kill or stop; killed, it is started again. */
export type OwnRedis = { readonly url: string; readonly signal: (name: NodeJS.Signals) => void };

/** Starts it in a temporary folder, as `npm test` starts its own; it is gone when the file's tests are over. */
export const startOwnRedis = async (): Promise<OwnRedis> => {
  const program = findRedis();
  if (!program) throw new Error('to kill Redis a test needs its program on this machine: install redis-server');
  const instance = openInstance('test', join(temporaryFolder(), '.local'));
  const pid = (): number => (JSON.parse(readFileSync(join(instance.folder, 'processes', 'redis.json'), 'utf8')) as { pid: number }).pid;
  evenIfWeEnd(() => {
    try {
      signal(-pid(), 'SIGKILL');
    } catch {
      // It does not run.
    }
  });
  const { redis: port } = await rememberedPorts(instance, ['redis']);
  const { url, stop } = await startRedis(instance, program, port, { stopped: new AbortController().signal, onEnding: () => {} });
  afterwards(stop);
  return { url, signal: (name) => signal(pid(), name) };
};
