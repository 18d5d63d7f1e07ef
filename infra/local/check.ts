import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { cloneFolder } from './instance.ts';
import { createTerminal, runToExit, type Terminal } from './terminal.ts';

// `npm run check`: everything that can be known without running the platform. Each check is run, whatever the others said.

type Check = { readonly name: string; readonly command: string; readonly args: readonly string[] };

const tool = (name: string): string => join(cloneFolder, 'node_modules', '.bin', name);
const program = (path: string, ...args: readonly string[]): Pick<Check, 'command' | 'args'> => ({
  command: process.execPath,
  args: [join(cloneFolder, path), ...args],
});

const checks: readonly Check[] = [
  { name: 'types', ...program('node_modules/typescript-native/bin/tsc', '--noEmit', '--project', '.') },
  { name: 'lint', command: tool('oxlint'), args: ['--type-aware', '.'] },
  { name: 'format', command: tool('oxfmt'), args: ['--check', '.'] },
  { name: 'imports', command: process.execPath, args: ['--test', 'test/architecture.test.ts'] },
  { name: 'dead code', command: tool('knip'), args: ['--no-progress'] },
  { name: 'contract', ...program('infra/contract/verify.ts') },
];

const main = async (): Promise<number> => {
  const terminal = createTerminal();
  const chosen = process.argv.slice(2);
  let failed = 0;
  for (const check of checks.filter(({ name }) => chosen.length === 0 || chosen.includes(name))) {
    if (!(await passes(check, terminal))) failed += 1;
  }
  if (failed > 0) terminal.warn(`\n${failed} of ${checks.length} checks failed.`);
  return failed > 0 ? 1 : 0;
};

const passes = async ({ name, command, args }: Check, terminal: Terminal): Promise<boolean> => {
  const { code, output } = await run(command, args);
  terminal.say(`${code === 0 ? '✓ ok    ' : '✗ failed'}  ${name}`);
  if (code !== 0) terminal.say(`${output.trimEnd()}\n`);
  return code === 0;
};

const run = (command: string, args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    execFile(command, args, { cwd: cloneFolder, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') resolve({ code: 1, output: `${stdout}${stderr}${error.message}` });
      else resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });

runToExit(main);
