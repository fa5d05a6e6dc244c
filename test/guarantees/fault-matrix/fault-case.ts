import type { Place, Repetition, Trouble } from './trouble.js';
import { places, repetitions } from './trouble.js';

/** One trouble at one place, with its number of repetitions. */
export interface FaultCase {
  readonly trouble: Trouble;
  readonly place: Place;
  readonly repetition: Repetition;
}

/** Chunks of a stream in a case. */
export const chunkCount = 5;

/** Number of the chunk at a place, from 1. */
export const chunkNumber: Readonly<Record<Place, number>> = {
  first: 1,
  middle: 3,
  last: chunkCount,
};

/** How many appends in a row fail. */
export const strikes: Readonly<Record<Repetition, number>> = {
  once: 1,
  'three in a row': 3,
  'without end': 1_000,
};

export function casesOf(trouble: Trouble): FaultCase[] {
  const often = trouble.cut?.how === 'kill' ? repetitions.slice(0, 2) : repetitions;
  return often.flatMap((repetition) => places.map((place) => ({ trouble, place, repetition })));
}

export function nameOf({ trouble, place, repetition }: FaultCase): string {
  return `${trouble.name}, ${place} chunk, ${repetition}`;
}
