import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';

const runFile = promisify(execFile);

/** Another revision of this library, built in a folder that goes when it is disposed of. */
export class BaseBuild implements AsyncDisposable {
  /** Made for it, with room for other things. */
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
    // No worktree, of which the repository would know.
    await runFile('git', ['archive', '--output', archive, commit], { cwd: root, signal });
    await runFile('tar', ['-xf', archive, '-C', checkout], { signal });
    if (isDeepStrictEqual(await dependencies(checkout), await dependencies(root))) {
      await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
    } else {
      console.log('Other dependencies there: npm ci');
      await npm(['ci'], { cwd: checkout, signal });
    }
    await npm(['run', '--silent', 'build'], { cwd: checkout, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever was stopped may write a last file meanwhile.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Resolves with the hash of a commit, or with nothing if git knows no such revision. */
export async function findCommit(revision: string, root: string): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const answer = await runFile('git', args, { cwd: root }).catch(() => undefined);
  return answer?.stdout.trim();
}

/** What the library runs with and is built by; what only tests and benchmarks need may differ. */
async function dependencies(folder: string): Promise<unknown> {
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
  const packages: [string, { version?: string; dev?: boolean }][] = Object.entries(lock.packages);
  return packages
    .filter(([path, { dev }]) => path !== '' && (!dev || path === 'node_modules/typescript'))
    .map(([path, { version }]) => `${path} ${version}`);
}

async function npm(args: string[], { cwd, signal }: { cwd: string; signal: AbortSignal }) {
  // A group of its own, because npm starts others that would go on without it.
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
