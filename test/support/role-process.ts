import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloneFolder } from '../../infra/local/instance.ts';
import { end, launch, type Ending, type Program } from '../../infra/local/processes.ts';
import { baseEnvironment } from '../../infra/local/programs.ts';
import { supervise } from '../../infra/local/supervisor.ts';
import { afterwards } from './afterwards.ts';
import { eventually } from './eventually.ts';

export type Role = 'api' | 'projector' | 'processes' | 'forwarder';
export type Variables = Readonly<Record<string, string>>;

/** A role of the platform that runs as a real process. */
export type RoleProcess = {
  readonly pid: number;
  /** Everything it wrote so far, line by line. */
  readonly lines: readonly string[];
  readonly ended: Promise<Ending>;
  /** The first line of its log with this message, as soon as it is there; rejects when the process ends without it. */
  readonly said: (message: string) => Promise<LogLine>;
  /** What /readyz answers. */
  readonly readiness: () => Promise<Readiness>;
  /** Waits until it is ready. */
  readonly ready: () => Promise<void>;
  /** Ends it in good order. */
  readonly stop: () => Promise<Ending>;
};
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };
export type Readiness = { readonly status: number; readonly problems: readonly string[] };

const undone: (() => void)[] = [];
const undoAll = (): void =>
  undone
    .splice(0)
    .toReversed()
    .forEach((undo) => undo());
for (const event of ['exit', 'uncaughtExceptionMonitor'] as const) process.on(event, undoAll);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(130));

/** Has something undone at once should this process end before its tests are over; what was begun last goes first. */
export const evenIfWeEnd = (undo: () => void): void => void undone.push(undo);

/** A folder that is gone when the file's tests are over. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'order-platform-test-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  afterwards(remove);
  evenIfWeEnd(remove);
  return folder;
};

/** How a role is run: with the given variables and nothing else of ours. */
export const roleProgram = (role: Role, variables: Variables, folder: string, name: string, onLine: (line: string) => void): Program => ({
  name,
  command: process.execPath,
  args: [join(cloneFolder, 'src', 'main.ts'), role],
  env: { ...baseEnvironment(), ...variables },
  cwd: cloneFolder,
  stopSignal: 'SIGTERM',
  logFile: join(folder, `${name}.log`),
  onLine,
});

/** Starts a role in the background. */
export const startRole = (role: Role, variables: Variables, folder: string, name: string = role): RoleProcess => {
  const lines: string[] = [];
  const { pid, ended } = launch(
    folder,
    roleProgram(role, variables, folder, name, (line) => lines.push(line)),
  );
  let ending: Ending | undefined;
  void ended.then((how) => (ending = how));
  evenIfWeEnd(() => ending ?? signal(-pid, 'SIGKILL'));
  return {
    pid,
    lines,
    ended,
    ...hear(name, lines, { pid: () => pid, hasEnded: () => ending !== undefined }),
    async stop() {
      if (!ending) await end({ pid, ended }, 'SIGTERM', 20_000);
      return ended;
    },
  };
};

/** A role that is started again whenever it ends, as in production. */
export type KeptRole = Pick<RoleProcess, 'lines' | 'said' | 'readiness' | 'ready'> & {
  readonly pid: () => number;
  /** How it ended, each time, until it was stopped. */
  readonly endings: readonly Ending[];
  readonly kill: (name: NodeJS.Signals) => void;
};

/** Keeps a role running until the file's tests are over. */
export const keepRole = (role: Role, variables: Variables, folder: string, name: string = role): KeptRole => {
  const lines: string[] = [];
  const endings: Ending[] = [];
  const program = roleProgram(role, variables, folder, name, (line) => lines.push(line));
  const kept = supervise(folder, program, (ending) => endings.push(ending), { attempts: Infinity, baseMs: 50, capMs: 500 });
  const kill = (signalName: NodeJS.Signals): void => {
    const pid = kept.pid();
    if (pid !== undefined) signal(pid, signalName);
  };
  evenIfWeEnd(() => kill('SIGKILL'));
  afterwards(() => kept.stop(20_000));
  const pid = (): number => kept.pid() ?? 0;
  return { lines, endings, pid, kill, ...hear(name, lines, { pid, hasEnded: () => false }) };
};

/** What a process says of itself: in its log, and on the port that its log names. */
const hear = (
  name: string,
  lines: readonly string[],
  now: { readonly pid: () => number; readonly hasEnded: () => boolean },
): Pick<RoleProcess, 'said' | 'readiness' | 'ready'> => {
  const said = async (message: string): Promise<LogLine> => {
    let found: LogLine | undefined;
    const look = (): boolean => (found = logLines(lines).find(({ msg, pid }) => msg === message && pid === now.pid())) !== undefined;
    await eventually(`${name} says '${message}'`, () => look() || now.hasEnded());
    return found ?? assert.fail(`${name} ended before it said '${message}':\n${lines.join('\n')}`);
  };
  const readiness = async (): Promise<Readiness> => {
    const { url } = await said('monitoring');
    const response = await fetch(`${String(url)}/readyz`);
    return { status: response.status, problems: ((await response.json()) as { problems: string[] }).problems };
  };
  const ready = (): Promise<void> =>
    eventually(`${name} is ready`, () =>
      readiness().then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  return { said, readiness, ready };
};

/** What was logged, of all that a process wrote. */
export const logLines = (lines: readonly string[]): readonly LogLine[] =>
  lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);

/** Sends a signal, if there still is a process to get it. */
export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
