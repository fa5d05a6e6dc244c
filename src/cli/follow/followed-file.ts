import { stat } from 'node:fs/promises';
import { nodeTimers } from '../../timers/node-timers.js';
import { isSameFile } from './file-state.js';
import { Generation } from './generation.js';
import { findRotated, type RotatedFile } from './rotated-files.js';
import { RotationOrder } from './rotation-order.js';

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
 * reads, too: a file that is deleted would otherwise be missed. A file that had the name between two
 * looks is found by the name that rotation gave it.
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

  /** Why it is unknown which file comes after the last one. */
  #unknownNext: Error | undefined;
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

  /**
   * The file that got the name after `generation`, if there is one already.
   *
   * @throws {Error} If there are several, and it is unknown which came first.
   */
  after(generation: Generation): Generation | undefined {
    const [next] = this.#newerThan(generation);
    if (next === undefined && this.#unknownNext !== undefined) throw this.#unknownNext;
    return next;
  }

  /** Whether another file has got the name. */
  isReplaced(generation: Generation): boolean {
    return this.#newerThan(generation).length > 0 || this.#unknownNext !== undefined;
  }

  /**
   * Whether no more bytes are expected in a file that has been read to its end. A process that has
   * it open goes on writing to it after it was renamed, until it opens the new one.
   *
   * @param idleLooks Looks since the last bytes of it.
   */
  async isOver(generation: Generation, idleLooks: number): Promise<boolean> {
    if (this.#isFinishing) return true;
    const newer = this.#newerThan(generation);
    const isPatient = idleLooks < patience;
    if (newer.length === 0) return this.#unknownNext !== undefined && !isPatient;
    const [next = 0, ...more] = await Promise.all(newer.map((it) => it.length()));
    if (next > 0 && more.length > 0) return true;
    return !isPatient && [next, ...more].some((length) => length > 0);
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
    if (this.#unknownNext !== undefined) return;
    try {
      const found = await stat(this.path, { bigint: true });
      const last = this.#generations.at(-1);
      if (last !== undefined && isSameFile(last.identity, found)) last.lastSeen = found;
      else await this.#openNewer(last);
      this.#isTroubled = false;
    } catch (error) {
      // Between two files there is none.
      const isBetween = this.#generations.length > 0 && isMissing(error);
      if (!isBetween && !this.#isTroubled) this.#options.onTrouble(error as Error);
      this.#isTroubled = !isBetween;
    }
  }

  /** Opens the files that have got the name since `last` had it. */
  async #openNewer(last: Generation | undefined): Promise<void> {
    const current = await Generation.open(this.path);
    const opened = [current];
    let isComplete = false;
    try {
      const missed = last === undefined ? [] : await this.#findMissed(last, current);
      for (const { path, state } of missed ?? []) {
        const generation = await Generation.open(path);
        opened.splice(-1, 0, generation);
        // It was rotated again just now: the next look finds it.
        if (!isSameFile(generation.identity, state)) return;
      }
      isComplete = missed !== undefined;
    } finally {
      if (isComplete) this.#generations.push(...opened);
      else await Promise.all(opened.map((generation) => generation.close()));
    }
  }

  /**
   * Finds the files that had the name after `last` and before `current`; `undefined` if that is
   * unknown, or changes.
   */
  async #findMissed(
    last: Generation,
    current: Generation,
  ): Promise<readonly RotatedFile[] | undefined> {
    const found = await findRotated(this.path);
    if (found.current === undefined || !isSameFile(found.current, current.identity))
      return undefined;
    try {
      return new RotationOrder(found.rotated).filesAfter(last.lastSeen);
    } catch (error) {
      this.#unknownNext = error as Error;
      return undefined;
    }
  }

  #newerThan(generation: Generation): readonly Generation[] {
    return this.#generations.slice(this.#generations.indexOf(generation) + 1);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
