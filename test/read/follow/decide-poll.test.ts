import { describe, expect, test } from 'vitest';
import { decidePoll } from '../../../src/read/follow/decide-poll.js';

const read = { position: 10, crc64: 1n, exists: true };
const found = { length: 10, crc64: 1n };
const unseen = { position: 0, crc64: 0n, exists: false };

describe('decidePoll()', () => {
  test.each([
    {
      scenario: 'no object yet',
      before: unseen,
      found: undefined,
      decision: { outcome: 'missing' },
    },
    {
      scenario: 'no object yet, where the first bytes are not wanted',
      before: { ...read, crc64: undefined, exists: false },
      found: undefined,
      decision: { outcome: 'missing' },
    },
    {
      scenario: 'an object that is gone',
      before: read,
      found: undefined,
      decision: { outcome: 'diverged', divergence: 'gone' },
    },
    {
      scenario: 'an object that is gone before a byte of it was read',
      before: { ...unseen, exists: true },
      found: undefined,
      decision: { outcome: 'diverged', divergence: 'gone' },
    },
    {
      scenario: 'a shorter object',
      before: read,
      found: { ...found, length: 9 },
      decision: { outcome: 'diverged', divergence: 'shorter' },
    },
    {
      scenario: 'an empty object instead of what was read',
      before: read,
      found: { length: 0, crc64: 0n },
      decision: { outcome: 'diverged', divergence: 'shorter' },
    },
    {
      scenario: 'the same bytes',
      before: read,
      found,
      decision: { outcome: 'unchanged', crc64: 1n },
    },
    {
      scenario: 'other bytes of the same length',
      before: read,
      found: { ...found, crc64: 2n },
      decision: { outcome: 'diverged', divergence: 'rewritten' },
    },
    {
      scenario: 'other bytes of the same length, whose checksum is 0',
      before: read,
      found: { ...found, crc64: 0n },
      decision: { outcome: 'diverged', divergence: 'rewritten' },
    },
    {
      scenario: 'an answer without a checksum',
      before: read,
      found: { length: 10, crc64: undefined },
      decision: { outcome: 'unchanged', crc64: undefined },
    },
    {
      scenario: 'the first checksum of an object whose beginning was not read',
      before: { ...read, crc64: undefined },
      found,
      decision: { outcome: 'unchanged', crc64: 1n },
    },
    {
      scenario: 'a store without checksums',
      before: { ...read, crc64: undefined },
      found: { length: 10, crc64: undefined },
      decision: { outcome: 'unchanged', crc64: undefined },
    },
    {
      scenario: 'a longer object',
      before: read,
      found: { length: 15, crc64: 2n },
      decision: { outcome: 'grown', growth: { start: 10, end: 15, crc64: 2n } },
    },
    {
      scenario: 'a longer object in a store without checksums',
      before: read,
      found: { length: 15, crc64: undefined },
      decision: { outcome: 'grown', growth: { start: 10, end: 15, crc64: undefined } },
    },
    {
      scenario: 'the first bytes of an object',
      before: unseen,
      found,
      decision: { outcome: 'grown', growth: { start: 0, end: 10, crc64: 1n } },
    },
    {
      scenario: 'an empty object',
      before: unseen,
      found: { length: 0, crc64: 0n },
      decision: { outcome: 'unchanged', crc64: 0n },
    },
  ])('sees $scenario', ({ before, found: answer, decision }) => {
    expect(decidePoll(before, answer)).toEqual(decision);
  });
});
