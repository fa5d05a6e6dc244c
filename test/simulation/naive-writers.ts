import type { AppendFailure } from '../../src/append/append-client.js';
import type { LocalPeriods } from './local-period.js';

/** Where the next byte of a naive writer goes. */
export interface NaivePlace {
  readonly key: string;
  readonly position: number;
}

/** What a naive writer has. */
export interface NaiveTools {
  /** One attempt; resolves with the place after the chunk. */
  append(place: NaivePlace, chunk: Buffer): Promise<NaivePlace>;

  /** Length of an object, 0 if there is none. */
  lengthOf(key: string): Promise<number>;

  /** Key of the object after this one in the same period. */
  next(key: string): string;

  /** Key of the first object of a period. */
  keyOf(label: string): string;
  readonly periods: LocalPeriods;

  /** The last midnight before the life began. */
  readonly midnight: number;
}

/** Appends one chunk, and resolves with the place after it; rejects when it gives up. */
export type NaiveAppend = (
  tools: NaiveTools,
  place: NaivePlace,
  chunk: Buffer,
) => Promise<NaivePlace>;

const tries = 4;

/** What most people take a day for. */
const day = 24 * 60 * 60_000;

/** Retries after every failure, and after a 409 at the length that it reports. */
export const blindRetry: NaiveAppend = async ({ append }, { key, position }, chunk) => {
  let where = position;
  for (let attempt = 1; ; attempt++) {
    try {
      return await append({ key, position: where }, chunk);
    } catch (error) {
      if (attempt === tries) throw error;
      where = (error as AppendFailure).actualLength ?? where;
    }
  }
};

/**
 * The rule of the append files in the official Go and Python SDKs: retry at the same
 * position, and after a 409 regard the chunk as appended if the object has the expected length.
 *
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/filelike.go
 */
export const lengthOnly: NaiveAppend = async ({ append, lengthOf }, place, chunk) => {
  const { key, position } = place;
  for (let attempt = 1; ; attempt++) {
    try {
      return await append(place, chunk);
    } catch (error) {
      if ((error as AppendFailure).outcome === 'conflict') {
        const length = await lengthOf(key);
        if (length === position + chunk.length) return { key, position: length };
        throw error;
      }
      if (attempt === tries) throw error;
    }
  }
};

/** Goes on to the next object when there is trouble with one. */
export const rollWithDoubt: NaiveAppend = async ({ append, next }, place, chunk) => {
  try {
    return await append(place, chunk);
  } catch {
    return append({ key: next(place.key), position: 0 }, chunk);
  }
};

/** The same, when a HEAD has shown that the chunk is not there: not yet. */
export const moveOnLength: NaiveAppend = async ({ append, lengthOf, next }, place, chunk) => {
  const { key, position } = place;
  try {
    return await append(place, chunk);
  } catch (error) {
    const length = await lengthOf(key);
    if (length === position + chunk.length) return { key, position: length };
    if (length !== position) throw error;
    return append({ key: next(key), position: 0 }, chunk);
  }
};

/** Opens the object of today before it knows what has become of the last chunk of yesterday. */
export const openTodayFirst: NaiveAppend = async ({ append, periods, keyOf }, place, chunk) => {
  let where = place;
  for (let attempt = 1; ; attempt++) {
    const today = keyOf(periods.labelOf(Date.now()));
    if (today !== where.key) where = { key: today, position: 0 };
    try {
      return await append(where, chunk);
    } catch (error) {
      if (attempt === tries) throw error;
    }
  }
};

/** Counts the days since the first midnight by 24 hours, instead of comparing dates. */
export const add24Hours: NaiveAppend = async (
  { append, periods, keyOf, midnight },
  place,
  chunk,
) => {
  const days = Math.floor((Date.now() - midnight) / day);
  const today = keyOf(periods.labelOf(midnight + days * day));
  return append(today === place.key ? place : { key: today, position: 0 }, chunk);
};
