import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createFileRegistry, fromBinary, toBinary, type FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, type FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { readContract } from '../../src/api/descriptors.ts';
import { authorisationPage } from './authorisation.ts';
import { clientModules } from './client.ts';
import { eventCatalogueFile, generateEventCatalogue } from './event-catalogue.ts';

const repository = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Runs buf from the repository's root; rejects with what it printed. */
export const buf = async (...args: readonly string[]): Promise<Buffer> => {
  const { stdout } = await run(join(repository, 'node_modules/.bin/buf'), args, { cwd: repository, encoding: 'buffer', maxBuffer: 64 * 2 ** 20 });
  return stdout;
};

/** What is generated, relative to the root. */
export const outputs = ['src/contract/generated', 'docs/authorisation.md', eventCatalogueFile, 'clients/typescript/src/generated'] as const;

/** The contract of the last release, as buf compares with it; relative to the root. */
export const released = 'proto/released.binpb';

/** Derives from proto/ all that is committed: messages, codecs and descriptors in src/contract, the published client's, and docs/authorisation.md; and docs/events.md from the events' declarations. */
export const generate = async (root: string): Promise<void> => {
  const generated = join(root, outputs[0]);
  await buf('generate', '--output', root);
  await buf('generate', '--template', 'clients/typescript/buf.gen.yaml', '--output', root);
  const descriptorSet = describable(fromBinary(FileDescriptorSetSchema, await buf('build', 'proto', '--as-file-descriptor-set', '--output', '-')));
  const bytes = toBinary(FileDescriptorSetSchema, descriptorSet);
  await writeFile(join(generated, 'services.ts'), servicesModule(createFileRegistry(descriptorSet)));
  await removeUnreachable(generated, /^(services\.ts|google\/rpc\/|orders\/(?!options\/))/);
  await writeFile(join(generated, 'descriptors.ts'), descriptorsModule(bytes));
  const contract = readContract(bytes);
  await mkdir(join(root, 'docs'), { recursive: true });
  await writeFile(join(root, outputs[1]), authorisationPage(contract));
  const ofClient = join(root, outputs[3]);
  for (const [file, text] of Object.entries(clientModules(contract, banner))) await writeFile(join(ofClient, file), text);
  await removeUnreachable(ofClient, /^(methods|requests)\.ts$|^google\/rpc\//);
  await generateEventCatalogue(root);
};

const banner = '// Generated from proto/ by `npm run generate`. Do not edit.\n';

/** Keeps of the source information only the comments, and those only of our own files. */
const describable = (descriptorSet: FileDescriptorSet): FileDescriptorSet => {
  for (const file of descriptorSet.file) {
    if (!file.sourceCodeInfo) continue;
    const location = file.name.startsWith('orders/') ? file.sourceCodeInfo.location.filter(({ leadingComments }) => leadingComments !== '') : [];
    file.sourceCodeInfo.location = location.map((each) => ({ ...each, span: [], leadingDetachedComments: [] }));
  }
  return descriptorSet;
};

const descriptorsModule = (bytes: Uint8Array): string => {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,160}/g) ?? [];
  return `${banner}\n/** The contract's \`google.protobuf.FileDescriptorSet\` with its comments, in base64 (with line breaks). */\nexport const descriptors = \`\n${lines.join('\n')}\n\`;\n`;
};

/** One object with the codecs of every method's messages, by service and method: what the transports are built from. */
const servicesModule = (registry: FileRegistry): string => {
  const files = new Set<string>();
  const codec = (message: { readonly name: string; readonly file: { readonly name: string } }): string => {
    files.add(message.file.name);
    return `${namespace(message.file.name)}.${message.name}`;
  };
  const services = [...registry]
    .filter((type) => type.kind === 'service')
    .map(({ typeName, methods }) => {
      const lines = methods.map(
        ({ localName, input, output, methodKind }) =>
          `    ${localName}: { request: ${codec(input)}, response: ${codec(output)}${methodKind === 'server_streaming' ? ', streams: true' : ''} },\n`,
      );
      return `  '${typeName}': {\n${lines.join('')}  },\n`;
    });
  const imports = [...files].map((file) => `import * as ${namespace(file)} from './${file}.ts';\n`);
  return `${banner}\n${imports.join('')}\n/** The codecs of every method's request and response, by service and method; \`streams\` where it answers with many. */\nexport const services = {\n${services.join('')}} as const;\n`;
};

const namespace = (file: string): string => file.replaceAll(/\W/g, '_');

/** Removes what buf generated for imports that only the compiler needs: options, annotations, descriptors. `roots` are kept, and what they import. */
const removeUnreachable = async (generated: string, roots: RegExp): Promise<void> => {
  const all = (await readdir(generated, { recursive: true })).filter((file) => file.endsWith('.ts')).map((file) => file.replaceAll('\\', '/'));
  const reached = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (reached.has(file) || file.startsWith('../')) return;
    reached.add(file);
    const text = await readFile(join(generated, file), 'utf8');
    for (const [, specifier] of text.matchAll(/ from ["'](\.[^"']+)["']/g)) {
      await visit(relative(generated, resolve(generated, dirname(file), specifier!)).replaceAll('\\', '/'));
    }
  };
  for (const file of all) if (roots.test(file)) await visit(file);
  for (const file of all) if (!reached.has(file)) await rm(join(generated, file));
  for (const folder of await readdir(generated, { recursive: true, withFileTypes: true })) {
    if (
      folder.isDirectory() &&
      !all.some((file) => reached.has(file) && join(generated, file).startsWith(join(folder.parentPath, folder.name) + '/'))
    ) {
      await rm(join(folder.parentPath, folder.name), { recursive: true, force: true });
    }
  }
};

/** Keeps the contract as it stands as the released one: what later versions must not break. For `npm run generate -- --release`, once per release. */
const keepReleased = (): Promise<Buffer> => buf('build', 'proto', '--exclude-source-info', '--output', released);

if (import.meta.main) {
  await generate(repository);
  if (process.argv.includes('--release')) await keepReleased();
}
