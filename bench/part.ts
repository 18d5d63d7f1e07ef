import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of a benchmark: it answers what it is asked, one question after another. */
export type Part = {
  readonly name: string;
  readonly ask: <Answer>(question: string, argument?: unknown) => Promise<Answer>;
  readonly end: () => Promise<void>;
};

type Question = { readonly number: number; readonly question: string; readonly argument: unknown };
type Answered = { readonly number: number; readonly answer?: unknown; readonly error?: string };

/** Starts a program of `bench/parts` with its options; resolves once it is ready for questions. */
export const startPart = async (program: URL, options: unknown): Promise<Part> => {
  const name = fileURLToPath(program).replace(/^.*\//, '');
  const child = fork(program, {
    serialization: 'advanced',
    execArgv: process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [],
  });
  const waiting = new Map<number, { readonly resolve: (answer: never) => void; readonly reject: (error: Error) => void }>();
  let asked = 0;
  child.on('message', ({ number, answer, error }: Answered) => {
    const waiter = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) waiter?.resolve(answer as never);
    else waiter?.reject(new Error(`${name}: ${error}`));
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended (${signal ?? code})`));
    waiting.clear();
  });
  const ask: Part['ask'] = (question, argument) =>
    new Promise((resolve, reject) => {
      asked += 1;
      waiting.set(asked, { resolve, reject });
      child.send({ number: asked, question, argument } satisfies Question, (error) => error && reject(error));
    });
  child.send({ options });
  await ask('ready');
  return {
    name,
    ask,
    end: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
};

/** What a program of `bench/parts` was started with. */
export const partOptions = async <Options>(): Promise<Options> => {
  const [{ options }] = (await once(process, 'message')) as [{ readonly options: Options }];
  return options;
};

const secondsOfCpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Answers the questions of the process that started this one, and ends with it. */
export const answerQuestions = (
  answers: Readonly<Record<string, (argument: never) => unknown>>,
  close: () => Promise<void> = async () => {},
): void => {
  const all: Readonly<Record<string, (argument: never) => unknown>> = { ready: () => undefined, cpu: secondsOfCpu, ...answers };
  process.on('message', ({ number, question, argument }: Question) => {
    void (async () => all[question]!(argument as never))().then(
      (answer) => process.send?.({ number, answer } satisfies Answered),
      (error: unknown) => process.send?.({ number, error: (error as Error).stack ?? String(error) } satisfies Answered),
    );
  });
  process.on('disconnect', () => void close().finally(() => process.exit(0)));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
};
