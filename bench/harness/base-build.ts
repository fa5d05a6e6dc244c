import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';

const runFile = promisify(execFile);

/** Another revision of this library, built in a folder that its disposal removes. */
export class BaseBuild implements AsyncDisposable {
  /** A temporary folder, which may hold other files too. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** URL of the folder with its entries. */
  get library(): string {
    return pathToFileURL(join(this.folder, 'checkout/dist/')).href;
  }

  /** @param root Folder of the working tree. */
  static async make(commit: string, root: string, signal: AbortSignal): Promise<BaseBuild> {
    const base = new BaseBuild(await mkdtemp(join(tmpdir(), 'oss-append-stream-base-')));
    try {
      await base.#build(commit, root, signal);
      return base;
    } catch (error) {
      await base[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #build(commit: string, root: string, signal: AbortSignal): Promise<void> {
    const checkout = join(this.folder, 'checkout');
    const archive = join(this.folder, 'checkout.tar');
    await mkdir(checkout);
    // Not a worktree, which the repository would have to register.
    await runFile('git', ['archive', '--output', archive, commit], { cwd: root, signal });
    await runFile('tar', ['-xf', archive, '-C', checkout], { signal });
    if (isDeepStrictEqual(await dependencies(checkout), await dependencies(root))) {
      await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
    } else {
      console.log('That revision has other dependencies: npm ci');
      await npm(['ci'], { cwd: checkout, signal });
    }
    await npm(['run', '--silent', 'build'], { cwd: checkout, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A stopped process may still write a last file.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Resolves with the hash of a commit, or with `undefined` if git does not know the revision. */
export async function findCommit(revision: string, root: string): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const answer = await runFile('git', args, { cwd: root }).catch(() => undefined);
  return answer?.stdout.trim();
}

/** Dependencies of the library and of its build; those of tests and benchmarks may differ. */
async function dependencies(folder: string): Promise<unknown> {
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
  const packages: [string, { version?: string; dev?: boolean }][] = Object.entries(lock.packages);
  return packages
    .filter(([path, { dev }]) => path !== '' && (!dev || path === 'node_modules/typescript'))
    .map(([path, { version }]) => `${path} ${version}`);
}

async function npm(args: string[], { cwd, signal }: { cwd: string; signal: AbortSignal }) {
  // Its own process group, because processes that npm starts would outlive it.
  const child = spawn('npm', args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const end = () => child.pid && process.kill(-child.pid);
  signal.addEventListener('abort', end);
  const [code] = await once(child, 'exit').finally(() => signal.removeEventListener('abort', end));
  signal.throwIfAborted();
  if (code !== 0)
    throw new Error(`Cannot build the base: npm ${args.join(' ')} ended with ${code}`);
}
