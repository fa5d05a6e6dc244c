import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../exit-code.js';
import { sentence } from '../messages.js';
import type { Source } from '../run/source.js';
import { describeTarget, type OpenObject } from './follow-target.js';
import { FollowedFile, isMissing } from './followed-file.js';
import type { Generation } from './generation.js';
import { GenerationStream, readTail } from './generation-stream.js';
import { OlderFiles } from './older-files.js';
import { findResumePoint, type ResumePoint } from './resume-point.js';

export interface FollowOptions {
  readonly path: string;

  /** Files that come before it in the object, oldest first. */
  readonly before: readonly string[];

  /** Milliseconds between two looks at the file. */
  readonly pollInterval: number;
}

/** The object, and how to tell what happens. */
export interface FollowContext extends OpenObject {
  /** Prints news. */
  readonly tell: (message: string) => void;

  /** Prints what may have gone wrong. */
  readonly complain: (message: string) => void;
}

/** Appends a file as it grows, beginning where the object ends. */
export class Follow {
  readonly #options: FollowOptions;
  readonly #closing = new AbortController();
  #followed: FollowedFile | undefined;

  /** @throws {UsageError} If a file cannot be followed; a file to follow need not exist yet. */
  constructor(options: FollowOptions) {
    for (const path of [...options.before, options.path]) {
      assertRegular(path, { mayBeMissing: path === options.path });
    }
    this.#options = options;
  }

  /**
   * Yields the files that get the name, one after the other, each from where the object ends.
   *
   * @throws {Error} If it cannot be proved where that is.
   */
  async *sources(context: FollowContext): AsyncGenerator<Source> {
    const { path, pollInterval } = this.#options;
    const name = basename(path);
    const followed = new FollowedFile(path, {
      pollInterval,
      onTrouble: (error) => {
        if (isMissing(error)) context.tell(`${name} does not exist yet.`);
        else context.complain(`Cannot open ${name}, trying again: ${sentence(error)}`);
      },
    });
    this.#followed = followed;
    const current = await followed.first();
    if (current === undefined) return;
    const { generations, index, offset } = await this.#resume(current, context);
    followed.addOlder(generations.slice(0, -1));
    let generation = generations[index];
    for (let start = offset; generation !== undefined; start = 0) {
      yield this.#sourceOf(followed, generation, start, context);
      generation = followed.after(generation);
      if (generation !== undefined) context.tell(`Going on with the next ${name}.`);
    }
  }

  /** Closes all files. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#followed?.close();
  }

  #sourceOf(
    followed: FollowedFile,
    generation: Generation,
    start: number,
    { complain }: FollowContext,
  ): Source {
    const name = basename(generation.path);
    const onTruncate = (end: number) =>
      complain(
        `${name} was truncated after byte ${end} was read: going on at its beginning. What was written to it just before may be missing.`,
      );
    const open = async () => {
      const tail = await readTail(generation, start);
      const stream = new GenerationStream(followed, { generation, start, tail, onTruncate });
      return { stream, file: generation.identity, start };
    };
    return { name: generation.path, hasWriter: true, finish: () => void followed.finish(), open };
  }

  /** Opens the files that may come before `current`, and finds out where the object ends. */
  async #resume(current: Generation, context: FollowContext): Promise<ResumePoint> {
    const { path, before } = this.#options;
    const { position = 0 } = context.stream;
    const isWhole = before.length > 0;
    const older =
      isWhole || position === 0
        ? await OlderFiles.openNamed(before, current)
        : await OlderFiles.openRotated(path, current);
    let used: readonly Generation[] = [];
    try {
      const options = { isWhole, signal: this.#closing.signal };
      const files = [...older.generations, current];
      const point = await findResumePoint(files, describeTarget(context), options);
      older.assertKnown(point);
      used = point.generations;
      return point;
    } finally {
      await older.close(used);
    }
  }
}

function assertRegular(path: string, { mayBeMissing }: { readonly mayBeMissing: boolean }): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() || (stats === undefined && mayBeMissing)) return;
  const why = stats === undefined ? 'it does not exist' : 'it is not a regular file';
  throw new UsageError(`Cannot follow ${path}: ${why}.`);
}
