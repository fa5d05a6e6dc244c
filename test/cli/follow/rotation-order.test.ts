import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RotatedFile } from '../../../src/cli/follow/rotated-files.js';
import { parseRotation } from '../../../src/cli/follow/rotation-name.js';
import { RotationOrder } from '../../../src/cli/follow/rotation-order.js';

let ino = 0n;

/** A file that was created at one time, and last written at another; 0 if that is not kept. */
function file(suffix: string, born: number, written: number): RotatedFile {
  const name = parseRotation(suffix);
  if (name === undefined) throw new Error(suffix);
  const state = { dev: 1n, ino: ++ino, birthtimeNs: BigInt(born), mtimeNs: BigInt(written) };
  return { path: `/log/app.log${suffix}`, name, state };
}

function namesOf(files: readonly RotatedFile[]): readonly string[] {
  return files.map(({ path }) => basename(path).slice('app.log'.length));
}

/** The files in order, all of which must have a known place. */
function orderOf(...files: readonly RotatedFile[]): readonly string[] {
  const order = new RotationOrder(files);
  order.assertKnown(files, []);
  return namesOf(order.files);
}

describe('RotationOrder', () => {
  test.each([
    { scenario: 'by time', files: [file('.1', 3, 4), file('.2', 1, 2)], order: ['.2', '.1'] },
    {
      scenario: 'by numbers that grow',
      files: [file('.1', 1, 2), file('.3', 3, 4), file('.2', 2, 4)],
      order: ['.1', '.2', '.3'],
    },
    {
      scenario: 'by numbers that shift',
      files: [file('.1', 3, 4), file('.3', 1, 2), file('.2', 2, 4)],
      order: ['.3', '.2', '.1'],
    },
    {
      scenario: 'by numbers that grow by the times of creation',
      files: [file('.10', 2, 4), file('.9', 1, 4), file('.8', 0, 3)],
      order: ['.8', '.9', '.10'],
    },
    {
      scenario: 'by numbers that shift if nothing else is known',
      files: [file('.9', 0, 4), file('.10', 0, 4)],
      order: ['.10', '.9'],
    },
    {
      scenario: 'by two numbers with zeros, which grow',
      files: [file('.002', 3, 4), file('.001', 1, 2)],
      order: ['.001', '.002'],
    },
    {
      scenario: 'by dates',
      files: [file('-20261130', 0, 4), file('-20261129', 0, 4)],
      order: ['-20261129', '-20261130'],
    },
    {
      scenario: 'of two kinds by time',
      files: [file('.1', 0, 4), file('-20261129', 0, 3)],
      order: ['-20261129', '.1'],
    },
    {
      scenario: 'that were copied from elsewhere',
      files: [file('.1', 7, 4), file('.2', 8, 3), file('.3', 9, 2)],
      order: ['.3', '.2', '.1'],
    },
  ])('sorts files $scenario', ({ files, order }) => {
    expect(orderOf(...files)).toEqual(order);
    expect(orderOf(...files.toReversed())).toEqual(order);
  });

  test.each([
    { scenario: 'an old file that was written again', files: [file('.1', 3, 4), file('.2', 1, 5)] },
    {
      scenario: 'a new file that has the name of an old one',
      files: [file('.1', 3, 4), file('.2', 1, 2), file('.7', 5, 6)],
    },
    { scenario: 'two numbers that seem to grow', files: [file('.1', 1, 2), file('.2', 3, 4)] },
    {
      scenario: 'one such among others',
      files: [file('.1', 3, 4), file('.2', 2, 3), file('.3', 1, 5)],
    },
    {
      scenario: 'a date that does not fit',
      files: [file('-20261129', 1, 5), file('-20261130', 3, 4)],
    },
    {
      scenario: 'two kinds written at the same time',
      files: [file('-20261130', 1, 4), file('.1', 3, 4)],
    },
  ])('refuses $scenario', ({ files }) => {
    expect(() => orderOf(...files)).toThrow(
      /^Cannot follow the file across rotation: it is unknown/,
    );
  });

  test('asks for the place of no file that does not matter', () => {
    const [one, two, seven] = [file('.1', 5, 6), file('.2', 3, 4), file('.7', 1, 5)];
    const order = new RotationOrder([one, two, seven]);

    expect(() => order.assertKnown([one], [])).not.toThrow();
    expect(() => order.assertKnown([two], [])).toThrow(/app\.log\.(2|7) and app\.log\.(7|2)/);
    expect(() => order.assertKnown([two], [seven])).not.toThrow();
  });

  describe('filesAfter()', () => {
    const last = file('.3', 10, 20);

    test.each([
      { scenario: 'none', others: [], after: [] },
      { scenario: 'one', others: [file('.2', 21, 22), file('.4', 1, 9)], after: ['.2'] },
      {
        scenario: 'several',
        others: [file('.1', 23, 24), file('.2', 21, 22), file('.4', 1, 9)],
        after: ['.2', '.1'],
      },
      {
        scenario: 'several of one moment',
        others: [file('.1', 21, 21), file('.2', 21, 21), file('.4', 1, 9)],
        after: ['.2', '.1'],
      },
      { scenario: 'one, with no times of creation', others: [file('.2', 0, 22)], after: ['.2'] },
      {
        scenario: 'one with a number that has grown',
        others: [file('.04', 21, 22)],
        after: ['.04'],
      },
      { scenario: 'one with a date', others: [file('-20261130', 21, 22)], after: ['-20261130'] },
      { scenario: 'no old file of the same moment', others: [file('.4', 10, 20)], after: [] },
      { scenario: 'no old file that is still written', others: [file('.4', 1, 30)], after: [] },
      { scenario: 'no old file that was unpacked', others: [file('.4', 30, 9)], after: [] },
    ])('finds $scenario', ({ others, after }) => {
      const order = new RotationOrder([...others, last]);

      expect(namesOf(order.filesAfter(last.state))).toEqual(after);
    });

    test('heeds no write to the last file after it was renamed', () => {
      const late = { ...last, state: { ...last.state, mtimeNs: 30n } };
      const order = new RotationOrder([late, file('.2', 21, 22)]);

      expect(namesOf(order.filesAfter(last.state))).toEqual(['.2']);
    });

    test('finds a file after one that was deleted', () => {
      const order = new RotationOrder([file('.1', 21, 22), file('.2', 1, 9)]);

      expect(namesOf(order.filesAfter(last.state))).toEqual(['.1']);
    });

    test.each([
      {
        scenario: 'a new file that has the name of an old one',
        others: [file('.9', 21, 22), file('.4', 1, 9), file('.5', 1, 8)],
      },
      { scenario: 'a file of the same moment', others: [file('.2', 10, 20)] },
      { scenario: 'another kind with no time of creation', others: [file('-20261130', 0, 22)] },
      {
        scenario: 'two files whose order is unknown',
        others: [file('-20261130', 21, 22), file('.2', 21, 22)],
      },
    ])('refuses $scenario', ({ others }) => {
      const order = new RotationOrder([...others, last]);

      expect(() => order.filesAfter(last.state)).toThrow('Cannot follow the file across rotation');
    });
  });
});
