import { basename } from 'node:path';
import { loadCrc64 } from '../../crc64.js';
import { count } from '../../quantity.js';
import { type ChainPlace, FileChain } from './file-chain.js';
import type { Generation } from './generation.js';

/** Bytes at the beginning of the object by which files are told apart before all is read. */
const headSize = 4096;

/** The object that is appended to, as it was opened. */
export interface FollowTarget {
  /** Bytes that it has. */
  readonly position: number;

  /** Resolves with the CRC-64 of these bytes. */
  readonly checksum: () => Promise<bigint>;

  /** Resolves with its first bytes; with `undefined` if it must not be read. */
  readonly head: (byteLength: number) => Promise<Buffer | undefined>;
}

/** Where to go on reading. */
export interface ResumePoint extends ChainPlace {
  readonly generations: readonly Generation[];
}

/**
 * Finds where in some files the object ends: the object must be a beginning of the newest file, or
 * of an older one and all that come after it.
 *
 * @param generations Oldest first.
 * @param options With `isWhole` the object must begin with the oldest file.
 * @throws {Error} If its bytes are in none of them, or begin several.
 */
export async function findResumePoint(
  generations: readonly Generation[],
  { position, checksum, head }: FollowTarget,
  { isWhole, signal }: { readonly isWhole: boolean; readonly signal: AbortSignal },
): Promise<ResumePoint> {
  const starts = isWhole ? [0] : [...generations.keys()].reverse();
  const chains = starts.map((start) => new FileChain(generations.slice(start)));
  const [newest] = chains;
  if (position === 0 && newest !== undefined) return { ...newest, index: 0, offset: 0 };
  const first = chains.length > 1 ? await head(Math.min(position, headSize)) : undefined;
  const matching: ResumePoint[] = [];
  for (const chain of chains) {
    const place = await chain.placeAfter(position);
    if (place === undefined || !(await beginsWith(chain, first))) continue;
    const sum = await chain.checksum(position, await loadCrc64(), signal);
    if (sum === (await checksum())) matching.push({ generations: chain.generations, ...place });
  }
  const [only, ...others] = matching;
  if (only === undefined) throw noBeginning(generations, position);
  if (others.length > 0) throw severalBeginnings(matching, position);
  return only;
}

async function beginsWith(chain: FileChain, head: Buffer | undefined): Promise<boolean> {
  if (head === undefined) return true;
  const pieces: Buffer[] = [];
  for await (const bytes of chain.read(head.byteLength)) pieces.push(bytes);
  return Buffer.concat(pieces).equals(head);
}

function noBeginning(generations: readonly Generation[], position: number): Error {
  const names = generations.map(({ path }) => basename(path)).reverse();
  const [name = '', ...older] = names;
  const what = older.length === 0 ? name : `${name}, or of ${older.join(', ')} and what follows`;
  return new Error(
    `Cannot follow ${name}: the ${count(position, 'byte')} of the object are not the first ones of ${what}. If older files are elsewhere, name them after the address of the object, oldest first; if it was truncated, or is another file, append to a new object`,
  );
}

function severalBeginnings(matching: readonly ResumePoint[], position: number): Error {
  const followed = basename(matching[0]?.generations.at(-1)?.path ?? '');
  const names = matching.flatMap(({ generations: [first] }) =>
    first === undefined ? [] : [basename(first.path)],
  );
  const [name = followed, ...older] = names;
  const first = position === 1 ? 'byte' : `${position} bytes`;
  const rest = name === followed ? `${name} alone` : `${name} and what follows`;
  return new Error(
    `Cannot follow ${followed}: ${older.join(', ')} and ${name} have the same first ${first}, which are all that the object has. To go on with an older file, name it, and those between, after the address of the object, oldest first; to go on with ${rest}, move the older ones to another folder`,
  );
}
