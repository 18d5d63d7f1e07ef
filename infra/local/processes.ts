import { execFileSync, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program to run in the background, in a process group of its own. */
export type Program = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All of its environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Runs as this user instead of ours. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What asks it to end in good order. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** Where its output goes. */
  readonly logFile: string;
  /** Takes its output line by line, too. */
  readonly onLine?: (line: string) => void;
};

export type Process = {
  readonly pid: number;
  readonly ended: Promise<Ending>;
};
export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly error?: Error };

type ProcessRecord = { readonly pid: number; readonly started: string; readonly stopSignal: 'SIGTERM' | 'SIGINT' };

/** Starts a program and notes it in `<folder>/processes`, so that a later run finds it should this one be killed. */
export const launch = (folder: string, program: Program): Process => {
  const log = openSync(program.logFile, 'a', 0o600);
  // The child writes to the file itself: with a pipe it would break should we be killed.
  const child = spawn(program.command, program.args, {
    cwd: program.cwd,
    env: program.env,
    detached: true,
    stdio: ['ignore', log, log],
    ...program.user,
  });
  const unfollow = program.onLine ? follow(program.logFile, program.onLine) : () => undefined;
  const ended = new Promise<Ending>((resolve) => {
    child.on('error', (error) => resolve({ code: null, signal: null, error }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    unfollow();
    closeSync(log);
    forget(folder, program.name);
  });
  const pid = child.pid ?? 0;
  if (pid > 0) remember(folder, program, pid);
  return { pid, ended };
};

/** Ends a process: asks, waits for `graceMs`, then kills its whole group. */
export const end = async (process: Process, signal: NodeJS.Signals, graceMs: number): Promise<void> => {
  send(process.pid, signal);
  const late = new AbortController();
  const inTime = await Promise.race([process.ended.then(() => true), sleep(graceMs, false, { signal: late.signal }).catch(() => true)]);
  late.abort();
  if (inTime) return;
  send(-process.pid, 'SIGKILL');
  await process.ended;
};

/** Ends the processes that an earlier run, itself killed, left behind. Returns their names. */
export const endLeftovers = async (folder: string, graceMs: number): Promise<readonly string[]> => {
  const left = records(folder).filter(({ record }) => isSameProcess(record));
  await Promise.all(
    left.map(async ({ name, record }) => {
      send(record.pid, record.stopSignal);
      const deadline = performance.now() + graceMs;
      while (isSameProcess(record) && performance.now() < deadline) await sleep(50);
      if (!isSameProcess(record)) return;
      send(-record.pid, 'SIGKILL');
      while (isSameProcess(record)) await sleep(20);
      forget(folder, name);
    }),
  );
  rmSync(join(folder, 'processes'), { recursive: true, force: true });
  return left.map(({ name }) => name);
};

/** When a process was started, in whatever unit the system counts; undefined when there is none with this id. */
export const startedAt = (pid: number): string | undefined => {
  try {
    if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : fields[18];
  } catch {
    return undefined;
  }
};

/** True while that very process runs: ids are given out again, so the start counts too. */
export const isSameProcess = ({ pid, started }: { readonly pid: number; readonly started: string }): boolean => {
  const now = startedAt(pid);
  return now !== undefined && now === started;
};

const remember = (folder: string, program: Program, pid: number): void => {
  const started = startedAt(pid);
  if (started === undefined) return;
  const record: ProcessRecord = { pid, started, stopSignal: program.stopSignal };
  mkdirSync(join(folder, 'processes'), { recursive: true });
  writeFileSync(join(folder, 'processes', `${program.name}.json`), JSON.stringify(record));
};

const forget = (folder: string, name: string): void => rmSync(join(folder, 'processes', `${name}.json`), { force: true });

const records = (folder: string): readonly { readonly name: string; readonly record: ProcessRecord }[] => {
  try {
    const files = readdirSync(join(folder, 'processes')).filter((file) => file.endsWith('.json'));
    return files.map((file) => ({
      name: file.slice(0, -5),
      record: JSON.parse(readFileSync(join(folder, 'processes', file), 'utf8')) as ProcessRecord,
    }));
  } catch {
    return [];
  }
};

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Passes on each whole line that is added to a file from now on; the answer ends that, after what is there was passed on. */
const follow = (path: string, onLine: (line: string) => void): (() => void) => {
  const file = openSync(path, 'r');
  const buffer = Buffer.alloc(64 * 1_024);
  const decoder = new StringDecoder('utf8');
  let offset = fstatSync(file).size;
  let rest = '';
  const passOn = (): void => {
    for (let bytes = readSync(file, buffer, 0, buffer.length, offset); bytes > 0; bytes = readSync(file, buffer, 0, buffer.length, offset)) {
      offset += bytes;
      const lines = (rest + decoder.write(buffer.subarray(0, bytes))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
  };
  const timer = setInterval(passOn, 100);
  return () => {
    clearInterval(timer);
    passOn();
    closeSync(file);
  };
};
