import assert from 'node:assert/strict';
import { derivedId } from '../../../src/domain/ids.ts';
import type { ProcessCommand } from '../../../src/domain/processes/process.ts';
import { processes } from '../../../src/domain/processes/processes.ts';
import { after, standardTerms, type Terms } from '../../../src/domain/terms.ts';
import { calm, type Chance } from './chance.ts';
import { runDeadlines } from './deadline-runner.ts';
import { holdsAlways } from './invariants.ts';
import { openLog, type Answer, type Asked } from './log.ts';
import { runPayments, success, type Provider } from './payments-worker.ts';
import { runProcess, type AnyProcess } from './process-runner.ts';

/** What a command fills with its own id. */
const ownIds: Readonly<Record<string, string>> = { RequestCapture: 'captureId', RequestRefund: 'refundId', RaiseTask: 'taskId' };

/** A command as somebody asks for it: time is added. */
type Untimed<Message> = Message extends { readonly command: infer Command }
  ? Omit<Message, 'command'> & { readonly command: Command extends unknown ? Omit<Command, 'now' | 'terms'> : never }
  : never;

/**
 * The whole platform in memory: streams in one order, the processes, the deadlines, and the payments worker with its provider, each at
 * its own pace under a clock that is told what time it is. Whatever may come twice, late or never comes so, as `chance` has it.
 */
export const openSimulation = (
  options: { readonly chance?: Chance; readonly provider?: (now: () => string) => Provider; readonly terms?: Terms } = {},
) => {
  const { chance = calm, provider = (now) => (request) => [success(request, now())], terms = standardTerms } = options;
  let now = '2026-03-01T10:00:00.000Z';
  let asked = 0;
  const log = openLog();
  const refusals = new Set<string>();

  const execute = (message: Asked, commandId: string): Answer => {
    const answer = log.execute(message, commandId);
    holdsAlways(log, message.to, message.id === '' ? commandId : message.id);
    return answer;
  };
  const send = (command: ProcessCommand, commandId: string): Answer => {
    const own = ownIds[command.command.type];
    const full = { ...command.command, now, terms, ...(own === undefined ? {} : { [own]: commandId }) };
    return execute({ ...command, id: command.id === '' ? commandId : command.id, command: full } as Asked, commandId);
  };
  const refused = (process: string, { command }: ProcessCommand, code: string): void => {
    refusals.add(`${process} ${command.type} ${code}`);
  };

  const nextId = (): string => derivedId('simulation', String((asked += 1)));
  const runners = processes.map((process) => runProcess({ process: process as AnyProcess, events: log.events, send, refused }));
  const deadlines = runDeadlines({ events: log.events, now: () => now, send });
  const payments = runPayments({
    events: log.events,
    provider: provider(() => now),
    send: (id, command) => execute({ to: 'payment', id, command }, nextId()),
  });
  const workers = [...runners.flatMap((runner) => [runner.follow, runner.send]), deadlines.follow, deadlines.send, payments.follow, payments.send];

  const settle = (): void => {
    for (let steps = 0; ; steps += 1) {
      assert.ok(steps < 10_000, 'the platform comes to rest');
      if (workers.filter((work) => work(chance)).length === 0) return;
    }
  };
  const pass = (ms: number): void => {
    now = after(now, ms);
  };

  return {
    log,
    terms,
    /** What processes were refused: `placement ReserveStock OUT_OF_STOCK`. */
    refusals: refusals as ReadonlySet<string>,
    now: () => now,
    nextId,

    /** Somebody asks for something. */
    ask: (message: Untimed<Asked>): Answer => {
      const command = message.to === 'offer' ? message.command : { ...message.command, now, terms };
      return execute({ ...message, command } as Asked, nextId());
    },

    /** Some of the platform's parts do a bit of what they have to do; a runner that was fenced off may do it once more. */
    work(steps: number): void {
      for (let step = 0; step < steps; step += 1) {
        chance.of(workers)(chance);
        if (chance.percent(2)) chance.of(runners).sendAgain(chance);
      }
    },

    /** Everything is done that can be done now. */
    settle,

    /** So much time passes, in which nobody does anything. */
    pass,

    /** Time passes, deadline by deadline, in which the platform does what it has to. */
    live(until: string | undefined): void {
      settle();
      for (let due = deadlines.next(); due !== undefined && (until === undefined || due <= until); due = deadlines.next()) {
        if (due > now) now = due;
        settle();
      }
      if (until !== undefined && until > now) now = until;
    },
  };
};

export type Simulation = ReturnType<typeof openSimulation>;
