import { isSameFile } from './file-state.js';
import { Generation } from './generation.js';
import type { ResumePoint } from './resume-point.js';
import { findRotated, type RotatedFile } from './rotated-files.js';
import { RotationOrder } from './rotation-order.js';

/** Maximum number of rotated files: each is opened. */
const mostFiles = 100;

/** The files that the object may begin with, before the one that has the followed name. */
export class OlderFiles {
  /** Oldest first, as far as that is known. */
  readonly generations: readonly Generation[];
  readonly #order: RotationOrder | undefined;

  /** Opens those that the user named. One that is named twice, or is `current`, counts once. */
  static async openNamed(paths: readonly string[], current: Generation): Promise<OlderFiles> {
    const generations: Generation[] = [];
    try {
      for (const path of paths) {
        const generation = await Generation.open(path);
        const others = [...generations, current];
        if (others.some((it) => isSameFile(it.identity, generation.identity)))
          await generation.close();
        else generations.push(generation);
      }
      return new OlderFiles(generations);
    } catch (error) {
      await closeAll(generations);
      throw error;
    }
  }

  /** Opens those that rotation has renamed, and no one that had the name after `current`. */
  static async openRotated(path: string, current: Generation): Promise<OlderFiles> {
    for (;;) {
      const order = await findOrder(path, current);
      const generations: Generation[] = [];
      let isComplete = true;
      try {
        for (const { path, state } of order.files.slice(-mostFiles)) {
          const generation = await Generation.open(path);
          generations.push(generation);
          // It may be renamed just now.
          isComplete &&= isSameFile(generation.identity, state);
        }
        if (isComplete) return new OlderFiles(generations, order);
      } catch (error) {
        isComplete = false;
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      } finally {
        if (!isComplete) await closeAll(generations);
      }
    }
  }

  private constructor(generations: readonly Generation[], order?: RotationOrder) {
    this.generations = generations;
    this.#order = order;
  }

  /**
   * Asserts that the files after the end of the object are known: the checksum proves only what is
   * before it.
   *
   * @throws {Error} If they are not.
   */
  assertKnown({ generations, index }: ResumePoint): void {
    const order = this.#order;
    if (order === undefined) return;
    const filesOf = (some: readonly Generation[]): readonly RotatedFile[] =>
      order.files.filter(({ state }) => some.some((it) => isSameFile(it.identity, state)));
    order.assertKnown(filesOf(generations.slice(index, -1)), filesOf(generations.slice(0, index)));
  }

  /** Closes the files, except for some. */
  close(except: readonly Generation[] = []): Promise<void> {
    return closeAll(this.generations.filter((it) => !except.includes(it)));
  }
}

async function findOrder(path: string, current: Generation): Promise<RotationOrder> {
  const found = await findRotated(path);
  const order = new RotationOrder(found.rotated);
  if (found.current !== undefined && isSameFile(found.current, current.identity)) return order;
  const later = order.filesAfter(current.lastSeen);
  const isOlder = (file: RotatedFile) =>
    !later.includes(file) && !isSameFile(file.state, current.identity);
  return new RotationOrder(found.rotated.filter(isOlder));
}

async function closeAll(generations: readonly Generation[]): Promise<void> {
  await Promise.all(generations.map((generation) => generation.close()));
}
