import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const source = resolve(import.meta.dirname, '..', 'src');

/** Which folders of src a folder may import from, beside itself; `client` is the published one. `src/cli` and `src/main.ts` are the composition root. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  platform: [],
  domain: [],
  privacy: ['domain', 'platform'],
  eventstore: ['domain', 'platform'],
  subscriptions: ['eventstore', 'platform'],
  messaging: ['platform'],
  commands: ['domain', 'eventstore', 'privacy', 'contract', 'platform'],
  processes: ['domain', 'commands', 'projections', 'subscriptions', 'eventstore', 'platform'],
  projections: ['domain', 'eventstore', 'subscriptions', 'messaging', 'contract', 'platform'],
  queries: ['domain', 'projections', 'subscriptions', 'eventstore', 'privacy', 'contract', 'platform'],
  operations: ['projections', 'processes', 'subscriptions', 'eventstore', 'messaging', 'contract', 'platform'],
  workers: ['messaging', 'contract', 'client', 'platform'],
  api: ['contract', 'platform'],
};
const compositionRoot = ['cli', 'main.ts'];

type Import = { readonly from: string; readonly specifier: string; readonly target: string | undefined };

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));

const imports: readonly Import[] = files.flatMap((file) => {
  const text = readFileSync(join(source, file), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '');
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\s(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g),
  ].map(([, specifier]) => specifier!);
  return specifiers.map((specifier) => ({
    from: file,
    specifier,
    target: specifier.startsWith('.') ? relative(source, resolve(source, dirname(file), specifier)).replaceAll('\\', '/') : undefined,
  }));
});

const client = '../clients/typescript/src/';
const folderOf = (file: string): string => (file.startsWith(client) ? 'client' : file.split('/')[0]!);

test('every folder of src is on the map', () => {
  const known = new Set([...Object.keys(mayImport), ...compositionRoot]);
  assert.deepEqual(
    [...new Set(files.map(folderOf))].filter((folder) => !known.has(folder)),
    [],
  );
});

test('folders import only what the map allows them', () => {
  const forbidden = imports.filter(({ from, target }) => {
    if (target === undefined || compositionRoot.includes(folderOf(from))) return false;
    return folderOf(target) !== folderOf(from) && !mayImport[folderOf(from)]?.includes(folderOf(target));
  });
  assert.deepEqual(
    forbidden.map(({ from, specifier }) => `${from} imports ${specifier}`),
    [],
  );
});

test('every relative import names a file that is there', () => {
  const known = new Set(files);
  const isThere = (target: string): boolean => known.has(target) || (target.startsWith(client) && existsSync(join(source, target)));
  const missing = imports.filter(({ target }) => target !== undefined && !isThere(target) && !target.endsWith('.json'));
  assert.deepEqual(
    missing.map(({ from, specifier }) => `${from} imports ${specifier}`),
    [],
  );
});

test('the domain imports nothing but typebox and node:crypto', () => {
  const foreign = imports.filter(
    ({ from, target, specifier }) => folderOf(from) === 'domain' && target === undefined && !['typebox', 'node:crypto'].includes(specifier),
  );
  assert.deepEqual(
    foreign.map(({ from, specifier }) => `${from} imports ${specifier}`),
    [],
  );
});

test("Node's own modules are imported by their full names", () => {
  const bare = imports.filter(({ specifier }) => builtinModules.includes(specifier));
  assert.deepEqual(
    bare.map(({ from, specifier }) => `${from} imports ${specifier}`),
    [],
  );
});

test('no file imports itself through others', () => {
  const targets = Map.groupBy(
    imports.filter(({ target }) => target !== undefined),
    ({ from }) => from,
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (done.has(file) || path.includes(file)) return;
    for (const { target } of targets.get(file) ?? []) visit(target!, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(cycles, []);
});

test('no file only passes on what others export, and none is called after nothing in particular', () => {
  const vague = files.filter((file) => !file.startsWith('contract/generated/') && /(^|\/)(index|utils?|helpers?|common|misc|types)\.ts$/.test(file));
  const barrels = files.filter((file) => {
    const statements = readFileSync(join(source, file), 'utf8')
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .replaceAll(/^\s*\/\/.*$/gm, '')
      .trim();
    return statements !== '' && statements.replaceAll(/^export\s[^;]*?\sfrom\s+['"][^'"]+['"];?$/gm, '').trim() === '';
  });
  assert.deepEqual([...vague, ...barrels], []);
});

test('classes are errors', () => {
  const classes = files
    .filter((file) => !file.startsWith('contract/generated/'))
    .flatMap((file) =>
      [...readFileSync(join(source, file), 'utf8').matchAll(/^\s*(?:export )?(?:abstract )?class (\w+)(?! extends \w*Error\b)(?=[\s<{])/gm)].map(
        ([, name]) => `${file}: ${name}`,
      ),
    );
  assert.deepEqual(classes, []);
});

test('only the composition root reads the environment', () => {
  const readers = files.filter(
    (file) => !compositionRoot.includes(folderOf(file)) && /\bprocess\.env\b/.test(readFileSync(join(source, file), 'utf8')),
  );
  assert.deepEqual(readers, []);
});
