import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startEventStoreDb as startOwn } from '../support/eventstoredb/server.ts';
import { eventStoreDbName, startEventStoreDb } from '../support/eventstoredb-under-test.ts';
import { openProxy } from '../support/proxy.ts';
import { eventually } from '../support/eventually.ts';
import type { Done, Health } from './eventstoredb-soak-process.ts';

/** At least so long; in any case every fault comes once. */
const lastsMs = Number(process.env['TEST_SOAK_SECONDS'] ?? 0) * 1_000;
/**
 * Against a server that the environment names: a program which does to that server what its argument says, one of `kill`,
 * `stop`, `start`, `stall` and `resume` (in a cluster: to the node that leads). Without it such a server is only cut off, and a
 * cluster's leader only asked to resign.
 */
const control = process.env['TEST_EVENTSTOREDB_CONTROL'];
/** How much more the process may hold at the end than early on: after a quarter of the faults, and after one of each kind where they come again. */
const mayGrow = { heap: 1.1, resources: 4 } as const;

type Fault = { readonly name: string; readonly begin: () => unknown; readonly end?: () => unknown };
type Victim = { readonly url: string; readonly faults: readonly Fault[]; readonly close: () => Promise<void> };

/** What the network does, in front of any one node, and what happens to a server itself. */
const startVictim = async (): Promise<Victim> => {
  const own = process.env['TEST_EVENTSTOREDB_URL'] ? undefined : await startOwn();
  const real = own ? undefined : await startEventStoreDb();
  const proxy = await openProxy(own?.url ?? real!.nodeUrl);
  const network: readonly Fault[] = [
    { name: 'cut off', begin: proxy.cut },
    { name: 'refused', begin: proxy.refuse, end: proxy.pass },
    { name: 'held back', begin: proxy.blackhole, end: proxy.pass },
  ];
  const tell = (what: string) => promisify(execFile)(control!, [what]);
  const restart = { begin: () => tell('kill'), end: () => tell('start') };
  const faults: readonly Fault[] = own
    ? [
        { name: 'stalled', begin: own.faults.stall, end: own.faults.none },
        { name: 'losing answers', begin: () => own.faults.loseAnswers(3) },
        { name: 'timing out', begin: () => own.faults.timeOutAnswers(3) },
        { name: 'not ready', begin: () => own.faults.notReady(), end: own.faults.none },
        { name: 'swallowing answers', begin: () => own.faults.swallowAnswers(2) },
        { name: 'silent to followers', begin: () => own.faults.silence('subscriptions'), end: own.faults.none },
        { name: 'stopped politely', begin: () => own.stop(500), end: own.start },
        { name: 'killed', begin: own.kill, end: own.start },
      ]
    : control
      ? [
          { name: 'stalled', begin: () => tell('stall'), end: () => tell('resume') },
          { name: 'stopped politely', begin: () => tell('stop'), end: () => tell('start') },
          { name: 'killed', ...restart },
        ]
      : [];
  // In front of one node a proxy would keep clients from the others.
  const isCluster = real !== undefined && real.url !== real.nodeUrl;
  const resigned: Fault = { name: 'led by a node that resigned', begin: () => real!.resign() };
  return {
    url: isCluster ? real.url : proxy.url,
    faults: isCluster ? [resigned, resigned, ...faults] : [...network, ...faults],
    close: async () => {
      await proxy.close();
      own?.close();
      await real?.close();
    },
  };
};

test(`${eventStoreDbName}: under load with the server cut off, stalled, silent, stopped and started anew, every acknowledged append is there once, followers are exact, and nothing grows`, async (t) => {
  const victim = await startVictim();
  t.after(() => victim.close());
  const program = fileURLToPath(new URL('eventstoredb-soak-process.ts', import.meta.url));
  const child = fork(program, [victim.url], { execArgv: ['--expose-gc', '--no-flush-bytecode'] });
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit') as Promise<[code: number | null]>;
  const endedEarly = ended.then(([code]) => assert.fail(`the process ended by itself with ${code}`));
  endedEarly.catch(() => {});
  const told = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), endedEarly]))[0];
  const ask = (question: 'done' | 'health' | 'finish'): Promise<unknown> => {
    const answer = told();
    child.send(question);
    return answer;
  };
  const done = async (): Promise<Done> => (await ask('done')) as Done;
  await told();

  const samples: Health[] = [];
  const until = performance.now() + lastsMs;
  for (let turn = 0; turn < victim.faults.length || performance.now() < until; turn += 1) {
    const { name, begin, end } = victim.faults[turn % victim.faults.length]!;
    await begin();
    await wait(400);
    await end?.();
    const { acknowledged, followed } = await done();
    await eventually(
      `appends are acknowledged and followed again after the server was ${name}`,
      async () => {
        const now = await done();
        return now.acknowledged > acknowledged + 500 && now.followed.every((count, index) => count > followed[index]!);
      },
      60_000,
    );
    samples.push((await ask('health')) as Health);
  }
  const last = (await ask('finish')) as Health;
  assert.deepEqual(await ended, [0, null], 'the process ends by itself');

  // The first time that something goes wrong loads and compiles what deals with it.
  const settled = samples.length > victim.faults.length ? victim.faults.length - 1 : 0;
  const [early, end] = [samples[Math.max(settled, Math.floor(samples.length / 4))]!, samples.at(-1)!];
  const count = ({ resources }: Health): number => Object.values(resources).reduce((sum, number) => sum + number, 0);
  const mebibytes = ({ heapBytes }: Health): string => `${(heapBytes / 2 ** 20).toFixed(1)} MiB`;
  t.diagnostic(
    `${samples.length} faults, ${last.acknowledged} appends; heap ${mebibytes(early)} early on and ${mebibytes(end)} at the end; ` +
      `${count(early)} and ${count(end)} timers, sockets and the like; ${end.channels} channels and ${end.calls} calls for 4 stores`,
  );
  assert.deepEqual(
    last.followed,
    last.followed.map(() => last.acknowledged),
    'followers have what was acknowledged and nothing else',
  );
  assert.ok(end.heapBytes < early.heapBytes * mayGrow.heap, `the heap grew from ${mebibytes(early)} to ${mebibytes(end)}`);
  assert.ok(count(end) <= count(early) + mayGrow.resources, `from ${JSON.stringify(early.resources)} to ${JSON.stringify(end.resources)}`);
  for (const { channels, calls } of samples) {
    assert.ok(channels <= 4, `${channels} channels for 4 stores`);
    assert.ok(calls <= 2 * 4, `${calls} calls, where 2 writers append, 2 followers follow, and each may ask for the head`);
  }
  assert.deepEqual([last.channels, last.calls], [0, 0], 'nothing is left when all stores are closed');
});
