import { stat } from 'node:fs/promises';
import { nodeTimers } from '../../timers/node-timers.js';
import { isSameFile } from './file-state.js';
import { Generation } from './generation.js';

/** Looks without new bytes after which a file is finished that has been replaced. */
const patience = 2;

export interface FollowedFileOptions {
  /** Milliseconds between two looks at the file. */
  readonly pollInterval: number;

  /** Called once in a row when the file cannot be opened. */
  readonly onTrouble: (error: Error) => void;
}

/**
 * Looks at a path again and again, and opens each file that gets this name. It does so while nobody
 * reads, too: a file that is renamed and replaced by yet another one would otherwise be missed.
 *
 * It polls, because `fs.watch()` does not work on every file system, and tells nothing by itself
 * about what has been written.
 */
export class FollowedFile {
  readonly path: string;
  readonly #options: FollowedFileOptions;

  /** Oldest first; the last one has the name now, or had it last. */
  #generations: Generation[] = [];
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isTroubled = false;
  #isFinishing = false;
  #isClosed = false;

  constructor(path: string, options: FollowedFileOptions) {
    this.path = path;
    this.#options = options;
  }

  /**
   * Begins to look. Resolves with the first file of this name, when there is one; with `undefined`
   * after {@link finish}.
   */
  async first(): Promise<Generation | undefined> {
    await this.#look();
    while (this.#generations.length === 0 && !this.#isFinishing) await this.nextLook();
    return this.#generations[0];
  }

  /** Adds files that had the name before, oldest first. */
  addOlder(generations: readonly Generation[]): void {
    this.#generations = [...generations, ...this.#generations];
  }

  /** The file that got the name after `generation`, if there is one already. */
  after(generation: Generation): Generation | undefined {
    return this.#generations[this.#generations.indexOf(generation) + 1];
  }

  /**
   * Whether no more bytes are expected in a file that has been read to its end. A process that has
   * it open goes on writing to it after it was renamed, until it opens the new one.
   *
   * @param idleLooks Looks since the last bytes of it.
   */
  async isOver(generation: Generation, idleLooks: number): Promise<boolean> {
    if (this.#isFinishing) return true;
    const [next, ...more] = this.#generations.slice(this.#generations.indexOf(generation) + 1);
    if (next === undefined) return false;
    if (more.length > 0) return true;
    return idleLooks >= patience && (await next.length()) > 0;
  }

  /** Resolves after the next look, or with {@link finish}; never after {@link close}. */
  nextLook(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  /** Expects no more bytes than there are, also in a file that has just got the name. */
  async finish(): Promise<void> {
    // A look in progress may have been too early.
    await this.#looking;
    await this.#look();
    this.#isFinishing = true;
    this.#wake();
  }

  /** Stops looking and closes all files. */
  async close(): Promise<void> {
    this.#isClosed = true;
    nodeTimers.clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#generations.map((generation) => generation.close()));
  }

  #look(): Promise<void> {
    this.#looking ??= this.#findNewer().finally(() => {
      this.#looking = undefined;
      if (this.#isClosed) return;
      nodeTimers.clearTimeout(this.#timer);
      this.#timer = nodeTimers.setTimeout(() => void this.#look(), this.#options.pollInterval);
      this.#wake();
    });
    return this.#looking;
  }

  async #findNewer(): Promise<void> {
    try {
      const found = await stat(this.path, { bigint: true });
      const last = this.#generations.at(-1);
      if (last === undefined || !isSameFile(last.identity, found)) {
        this.#generations.push(await Generation.open(this.path));
      }
      this.#isTroubled = false;
    } catch (error) {
      // Between two files there is none.
      const isBetween = this.#generations.length > 0 && isMissing(error);
      if (!isBetween && !this.#isTroubled) this.#options.onTrouble(error as Error);
      this.#isTroubled = !isBetween;
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
