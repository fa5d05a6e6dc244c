import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** The environment of results, which are meaningless without it. */
export interface Environment {
  readonly node: string;
  readonly undici: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;

  /** Whether the processors were kept busy. */
  readonly isAwake: boolean;

  /** Whether the store was bound to one of them. */
  readonly isStoreBound: boolean;
  readonly memory: number;

  /** Commit of this library, with `+` if files have been changed since. */
  readonly commit: string;
  readonly date: string;
}

export function environment(
  preparations: Pick<Environment, 'isAwake' | 'isStoreBound'>,
): Environment {
  const { version } = createRequire(import.meta.url)('undici/package.json');
  return {
    node: process.version,
    undici: version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    ...preparations,
    memory: totalmem(),
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

/** A description of the processors. */
export function describeProcessors({ cpu, cores, isAwake, isStoreBound }: Environment): string {
  return [`${cpu}, ${cores} cores`, isAwake && ' kept awake', isStoreBound && ', one for the store']
    .filter(Boolean)
    .join('');
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
