// Runs one of the project's TypeScript programs on a machine that may only have Node 20: installs the dependencies when they
// are not those of package-lock.json, and goes on with the Node that the lockfile names.
// usage: node infra/bootstrap.mjs <program.ts> [arguments]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'node_modules', '.bin');
const installing = join(root, '.local', 'npm-ci.pid');

const fail = (message) => {
  console.error(message);
  process.exit(1);
};

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch {
    return undefined;
  }
};

/** True when every package of the lockfile is installed in its version; packages for other platforms may be absent. */
const installed = () => {
  const wanted = readJson('package-lock.json')?.packages ?? fail('package-lock.json is missing or broken.');
  const present = readJson('node_modules/.package-lock.json')?.packages ?? {};
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (!path.includes('node_modules/')) return true;
    return path in present ? present[path].version === version : optional === true;
  });
};

/** True while this call holds the right to install; two programs started at once in a fresh clone install once. */
const takeTurn = () => {
  mkdirSync(dirname(installing), { recursive: true });
  try {
    writeFileSync(installing, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    process.kill(Number(readFileSync(installing, 'utf8')), 0);
  } catch (error) {
    if (error.code === 'ESRCH') rmSync(installing, { force: true });
  }
  return false;
};

const install = async () => {
  let waiting = false;
  while (!takeTurn()) {
    if (!waiting) console.error('Waiting for another npm ci in this clone …');
    waiting = true;
    await new Promise((wake) => setTimeout(wake, 200));
  }
  const release = () => rmSync(installing, { force: true });
  process.once('exit', release);
  if (installed()) return release();
  console.error('Installing the dependencies of package-lock.json (npm ci) …');
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { status, error } = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (error) fail(`npm could not be run: ${error.message}`);
  if (status !== 0) fail('npm ci failed; its own message is above.');
  release();
};

/** The program's Node: the one in node_modules, or this very one where no package of it exists for the platform. */
const runtime = () => {
  const wanted = Object.values(readJson('package.json').optionalDependencies)[0];
  const minor = (version) => version.trim().replace(/^v/, '').split('.').slice(0, 2).join('.');
  const own = join(bin, process.platform === 'win32' ? 'node.cmd' : 'node');
  if (!existsSync(own)) {
    if (minor(process.version) === minor(wanted)) return process.execPath;
    const packaged = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
    return fail(
      packaged
        ? `node_modules/.bin/node is missing although npm ci succeeded: npm was told to leave optional dependencies out\n(look at "npm config get omit" and "npm config get optional"). Node ${wanted} comes as one of them.`
        : `Node ${minor(wanted)} is needed, this is ${process.version}, and there is no npm package of it for ${process.platform} ${process.arch}.\nInstall Node ${wanted} from https://nodejs.org and run this again with it.`,
    );
  }
  const { stdout, error } = spawnSync(own, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' });
  if (error || !stdout) fail(`node_modules/.bin/node does not run on this machine: ${error?.message ?? 'it printed nothing'}`);
  if (minor(stdout) !== minor(wanted))
    fail(`node_modules/.bin/node is ${stdout.trim()}, but ${minor(wanted)} is needed. Remove node_modules and run this again.`);
  return own;
};

const [program, ...args] = process.argv.slice(2);
if (!program) fail('usage: node infra/bootstrap.mjs <program.ts> [arguments]');
if (!installed()) await install();

const child = spawn(runtime(), [join(root, program), ...args], {
  // The channel is how the program notices that this process was killed.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  cwd: root,
  env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
});
const forward = (signal) => child.kill(signal);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);

// npm killed outright cannot tell us: we have another parent then.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();

child.on('error', (error) => fail(`node_modules/.bin/node could not be started: ${error.message}`));
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code ?? 1);
  process.removeListener(signal, forward);
  process.kill(process.pid, signal);
});
