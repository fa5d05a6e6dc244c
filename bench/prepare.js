// Installs the packages that only the benchmarks need, unless they are installed already, and links
// them to the folder where the built benchmarks look for packages.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const packages = join(import.meta.dirname, 'node_modules');
if (!isInstalled()) {
  console.error('Installing the packages of the benchmarks');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'];
  // npm is a script, which Windows starts only through its shell.
  execFileSync('npm', args, {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}

const built = join(import.meta.dirname, '../build/bench');
mkdirSync(built, { recursive: true });
const link = join(built, 'node_modules');
if (!existsSync(link)) symlinkSync(packages, link, 'junction');

/** Whether the versions that npm has recorded as installed are those of the lock file. */
function isInstalled() {
  const installed = join(packages, '.package-lock.json');
  if (!existsSync(installed)) return false;
  const { '': _, ...locked } = packagesOf(join(import.meta.dirname, 'package-lock.json'));
  const noted = packagesOf(installed);
  return Object.entries(locked).every(([path, { version }]) => noted[path]?.version === version);
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}
