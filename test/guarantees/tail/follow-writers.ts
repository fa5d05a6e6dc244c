import type { Fault } from '../../../src/emulator/index.js';
import { environmentOf } from '../../helpers/command-line.js';
import type { Stage } from '../fault-matrix/stage.js';
import { keyIn } from '../rollover/rolling-case.js';
import { ReaderLives } from './reader-lives.js';
import { type FollowedLives, judgeTail, type ObjectPlace, type ReadObject } from './tail-judge.js';
import { liveAsWriters } from './writer-lives.js';

export const maxSize = 102_400;

let folders = 0;

/** Now and then a writer goes on to another object while a reader waits for an answer. */
const slowAnswer: Fault = { kind: 'stall', operation: 'head', probability: 0.1, delay: 300 };

export interface FollowWritersOptions {
  /** Writers that are stopped, and readers that are killed. */
  readonly stops: number;
  readonly kills: number;

  /** Lines of the last writer. */
  readonly lineCount: number;

  /** Maximum milliseconds from the first sign of a writer until it is stopped. */
  readonly longest: number;
}

export interface FollowedWriters extends FollowedLives {
  readonly problems: readonly string[];
}

/** Writes with processes that go on to another object every 100 KiB, and reads with others meanwhile. */
export async function followWriters(
  stage: Stage,
  { stops, kills, lineCount, longest }: FollowWritersOptions,
): Promise<FollowedWriters> {
  const folder = `followed-${++folders}`;
  if (folders === 1) await stage.emulator.call('addFault', slowAnswer);
  const { bucket } = stage.directConnection;
  const template = `${folder}/{seq}.log`;
  const env = environmentOf(stage.directConnection);
  const lengths: number[] = [];
  const placeAfter = (byteLength: number) => findPlace(stage, folder, byteLength, lengths);
  // Longer than the writers live: a reader that has caught up meets other moments than one before.
  const readers = new ReaderLives({ bucket, template, env, longest: 3 * longest, placeAfter });
  const writing = liveAsWriters({
    url: `oss://${bucket}/${template}`,
    env,
    stops,
    lineCount,
    longest,
    isRead: (life) => readers.isRead(life),
  });
  const finding = writing.then(() => readObjects(stage, folder));
  const total = finding.then((found) =>
    found.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
  );
  const [lives, objects] = await Promise.all([writing, finding, readers.run(kills, total)]);
  const found = { objects, lives, readings: readers.readings };
  return { ...found, problems: [...readers.problems, ...judgeTail(found, { maxSize })] };
}

/**
 * The place after so many bytes: the end of an object rather than the beginning of the next one.
 *
 * @param lengths Those of objects that a reader has left, which grow no more.
 */
async function findPlace(
  stage: Stage,
  folder: string,
  byteLength: number,
  lengths: number[],
): Promise<ObjectPlace> {
  let rest = byteLength;
  for (let sequence = 0; ; sequence++) {
    const key = keyIn(folder, sequence);
    const length = lengths[sequence] ?? (await stage.read(key))?.byteLength;
    if (length === undefined) throw new Error(`There are no ${byteLength} bytes before ${key}`);
    if (rest <= length) return { key, position: rest };
    lengths[sequence] = length;
    rest -= length;
  }
}

async function readObjects(stage: Stage, folder: string): Promise<ReadObject[]> {
  const objects: ReadObject[] = [];
  for (;;) {
    const key = keyIn(folder, objects.length);
    const bytes = await stage.read(key);
    if (bytes === undefined) return objects;
    objects.push({ key, bytes });
  }
}
