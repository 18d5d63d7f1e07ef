import { spawnSync } from 'node:child_process';
import { canInstallPackages, installPackages } from './debian.ts';
import { findProgram } from './programs.ts';
import type { Terminal } from './terminal.ts';

/** What some tests run, and the Debian package that has each. */
const programs: readonly { readonly name: string; readonly from: string; readonly isThere: () => boolean }[] = [
  { name: 'nginx', from: 'nginx', isThere: () => findProgram('nginx') !== undefined },
  { name: 'protoc', from: 'protobuf-compiler', isThere: () => findProgram('protoc') !== undefined },
  { name: 'grpc_python_plugin', from: 'protobuf-compiler-grpc', isThere: () => findProgram('grpc_python_plugin') !== undefined },
  { name: 'python3 with grpc', from: 'python3-grpcio', isThere: () => pythonWithGrpc() !== undefined },
];

/** A Python that has the gRPC library, the system's own first: Debian's packages are for that one. */
export const pythonWithGrpc = (): string | undefined =>
  [findProgram('python3', ['/usr/bin']), findProgram('python3')].find(
    (python) => python !== undefined && spawnSync(python, ['-c', 'import grpc'], { stdio: 'ignore' }).status === 0,
  );

/** Installs what of these is missing where that is possible; otherwise says so, and the tests that need them fail. */
export const bringTestPrograms = async (terminal: Terminal, stopped: AbortSignal): Promise<void> => {
  const missing = programs.filter(({ isThere }) => !isThere());
  if (missing.length === 0) return;
  const packages = missing.map(({ from }) => from);
  if (canInstallPackages()) {
    await terminal.step(
      'Test tools',
      () => installPackages(packages, terminal, stopped),
      () => 'installed',
    );
  } else {
    const names = missing.map(({ name }) => name).join(', ');
    terminal.warn(
      `Tests that run ${names} will fail: not on this machine, and no right to install packages. On Debian: apt-get install ${packages.join(' ')}`,
    );
  }
};
