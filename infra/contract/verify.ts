import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buf, generate, outputs, released } from './generate.ts';

const repository = resolve(import.meta.dirname, '../..');

/** What is wrong with the contract, in words; empty: generated files are current, buf lint is content, and nothing released breaks. */
export const verifyContract = async (): Promise<readonly string[]> => {
  const linted = buf('lint', 'proto').then(() => [], printed);
  const compatible = existsSync(join(repository, released))
    ? buf('breaking', 'proto', '--exclude-imports', '--against', released).then(() => [], printed)
    : [];
  return (await Promise.all([linted, compatible, staleFiles()])).flat();
};

/** What buf printed is the problem. */
const printed = (error: unknown): readonly string[] => {
  const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
  if (!stdout || !stderr) throw error;
  return [`${stdout}${stderr}`.trim()];
};

const staleFiles = async (): Promise<readonly string[]> => {
  const root = await mkdtemp(join(tmpdir(), 'contract-'));
  try {
    await generate(root);
    const [fresh, committed] = await Promise.all([contents(root), contents(repository)]);
    const files = [...new Set([...fresh.keys(), ...committed.keys()])];
    return files
      .filter((file) => fresh.get(file) !== committed.get(file))
      .map((file) => `${file} is not what proto/ says: run npm run generate and commit`);
  } finally {
    await rm(root, { recursive: true });
  }
};

const contents = async (root: string): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const output of outputs) {
    if (!existsSync(join(root, output))) continue;
    const isFolder = (await stat(join(root, output))).isDirectory();
    const files = isFolder
      ? (await readdir(join(root, output), { recursive: true })).filter((file) => file.endsWith('.ts')).map((file) => join(output, file))
      : [output];
    for (const file of files) found.set(file, await readFile(join(root, file), 'utf8'));
  }
  return found;
};

if (import.meta.main) {
  const problems = await verifyContract();
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
