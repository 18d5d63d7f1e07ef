/** Where progress is told: plain lines, with colours where somebody watches. */
export type Terminal = {
  readonly say: (line: string) => void;
  readonly warn: (line: string) => void;
  /** Tells that a piece of work is done, what came of it and how long it took. */
  readonly step: <Result>(title: string, work: () => Promise<Result>, outcome?: (result: Result) => string) => Promise<Result>;
  readonly table: (rows: readonly (readonly [string, string])[]) => void;
};

/** Something a person can put right: its message is all they need, so no stack is printed. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export const createTerminal = (stream: NodeJS.WriteStream = process.stdout): Terminal => {
  const paint = (code: number, text: string): string => (stream.isTTY && !process.env['NO_COLOR'] ? `\u001b[${code}m${text}\u001b[0m` : text);
  const say = (line: string): void => void stream.write(`${line}\n`);
  return {
    say,
    warn: (line) => say(paint(33, line)),
    async step(title, work, outcome = () => '') {
      const began = performance.now();
      const result = await work();
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      say(`${paint(32, '✓')} ${title.padEnd(12)} ${outcome(result)} ${paint(2, `(${seconds} s)`)}`.replaceAll(/ {2,}\(/g, ' ('));
      return result;
    },
    table(rows) {
      const width = Math.max(...rows.map(([name]) => name.length));
      for (const [name, value] of rows) say(`  ${paint(1, name.padEnd(width))}  ${value}`);
    },
  };
};

/** Runs a program to its end; a {@link Refusal} is shown as its message, anything else with its stack. */
export const runToExit = (main: () => Promise<number>): void => {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error instanceof Refusal ? `\n${error.message}` : error);
      process.exit(1);
    },
  );
};
