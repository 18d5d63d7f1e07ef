/** Lets the tasks of one stream run one after another, in the order in which they came. */
export type Sequence = <Result>(stream: string, deadline: number, task: () => Promise<Result>) => Promise<Result | Crowded>;

/** The task was not run: too many wait for this stream, or its deadline passed while it waited. */
export type Crowded = { readonly kind: 'crowded' };

/** Deadlines are milliseconds of the monotonic clock. */
export const sequence = ({ maxWaiting }: { readonly maxWaiting: number }): Sequence => {
  const lines = new Map<string, (() => void)[]>();

  /** Resolves to whether it is the caller's turn. */
  const turn = (line: (() => void)[], deadline: number): Promise<boolean> =>
    new Promise((resolve) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(
        () => {
          line.splice(line.indexOf(begin), 1);
          resolve(false);
        },
        Math.max(0, deadline - performance.now()),
      );
      line.push(begin);
    });

  return async (stream, deadline, task) => {
    const line = lines.get(stream);
    if (!line) lines.set(stream, []);
    else if (line.length >= maxWaiting || !(await turn(line, deadline))) return { kind: 'crowded' };
    try {
      return await task();
    } finally {
      const next = lines.get(stream)!.shift();
      if (next) next();
      else lines.delete(stream);
    }
  };
};
