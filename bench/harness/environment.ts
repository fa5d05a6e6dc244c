import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** Where results come from; without it they mean nothing. */
export interface Environment {
  readonly node: string;
  readonly undici: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;

  /** Whether the processors were kept from resting. */
  readonly isAwake: boolean;
  readonly memory: number;

  /** Commit of this library, with `+` where files have been changed since. */
  readonly commit: string;
  readonly date: string;
}

export function environment({ isAwake }: Pick<Environment, 'isAwake'>): Environment {
  const { version } = createRequire(import.meta.url)('undici/package.json');
  return {
    node: process.version,
    undici: version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    isAwake,
    memory: totalmem(),
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

function commit(): string {
  try {
    const hash = git('rev-parse', '--short', 'HEAD');
    return git('status', '--porcelain', '--', 'src', 'bench/*.ts') === '' ? hash : `${hash}+`;
  } catch {
    // No repository, as in an unpacked archive.
    return 'unknown';
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
}
