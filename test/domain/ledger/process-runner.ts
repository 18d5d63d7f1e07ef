import assert from 'node:assert/strict';
import { derivedId } from '../../../src/domain/ids.ts';
import type { ProcessCommand, Reported } from '../../../src/domain/processes/process.ts';
import type { Chance } from './chance.ts';
import type { Answer, LoggedEvent } from './log.ts';

/** A process, whatever it remembers and reads. */
export type AnyProcess = {
  readonly name: string;
  readonly on: readonly string[];
  key(event: Reported): string | undefined;
  readonly initial: unknown;
  react(memory: unknown, event: Reported): { readonly memory: unknown; readonly commands: readonly ProcessCommand[] };
  refused(command: ProcessCommand, code: string): readonly ProcessCommand[];
};

/** A command that waits to be sent, as JSON. */
type Outgoing = { readonly commandId: string; readonly text: string };

/** Runs a process over a log as the real runner does, except that it dies all the time: what is not committed is lost, and done again. */
export const runProcess = (options: {
  readonly process: AnyProcess;
  readonly events: readonly LoggedEvent[];
  readonly send: (command: ProcessCommand, commandId: string) => Answer;
  readonly refused: (process: string, command: ProcessCommand, code: string) => void;
}) => {
  const { process, events, send } = options;
  // What is committed: all of it changes together, or nothing.
  let read = 0;
  const memories = new Map<string, string>();
  const outgoing = new Map<string, readonly Outgoing[]>();
  const sent: Outgoing[] = [];

  const react = (event: LoggedEvent): (() => void) => {
    const key = process.on.includes(event.type) ? process.key(event as Reported) : undefined;
    if (key === undefined) return () => {};
    const before = memories.get(key);
    const { memory, commands } = process.react(before === undefined ? process.initial : JSON.parse(before), event as Reported);
    const text = JSON.stringify(memory);
    assert.deepEqual(JSON.parse(text), memory, `the memory of ${process.name} is plain JSON`);
    const more = commands.map((command, ordinal) => ({
      commandId: derivedId(process.name, key, event.id, String(ordinal)),
      text: JSON.stringify(command),
    }));
    return () => {
      memories.set(key, text);
      outgoing.set(key, [...(outgoing.get(key) ?? []), ...more]);
    };
  };

  return {
    /** Reads some events; a crash comes before their effects are committed. */
    follow(chance: Chance): boolean {
      const upTo = Math.min(events.length, read + 1 + chance.below(3));
      if (upTo === read) return false;
      for (; read < upTo; read += 1) {
        const commit = react(events[read]!);
        if (chance.percent(10)) return true;
        commit();
      }
      return true;
    },

    /** Sends the next command of some key. A crash comes after it took effect, and before that is written down. */
    send(chance: Chance): boolean {
      const waiting = [...outgoing.entries()].filter(([, commands]) => commands.length > 0);
      if (waiting.length === 0) return false;
      const [key, [first, ...rest]] = chance.of(waiting) as [string, [Outgoing, ...Outgoing[]]];
      const command = JSON.parse(first.text) as ProcessCommand;
      const answer = send(command, first.commandId);
      sent.push(first);
      if (chance.percent(10)) return true;
      if (answer.kind === 'accepted') {
        outgoing.set(key, rest);
        return true;
      }
      options.refused(process.name, command, answer.code);
      const answers = process.refused(command, answer.code).map((next, ordinal) => ({
        commandId: derivedId(first.commandId, answer.code, String(ordinal)),
        text: JSON.stringify(next),
      }));
      outgoing.set(key, chance.percent(50) ? [...answers, ...rest] : [...rest, ...answers]);
      return true;
    },

    /** A runner that was stopped, and does not know that another took over, sends what it had sent before. */
    sendAgain(chance: Chance): void {
      if (sent.length === 0) return;
      const { text, commandId } = chance.of(sent);
      send(JSON.parse(text) as ProcessCommand, commandId);
    },
  };
};
