import { describe, expect, test } from 'vitest';
import {
  AppendError,
  ChecksumError,
  DivergedError,
  isAppendError,
  OssRequestError,
} from '../src/errors.js';

describe('isAppendError()', () => {
  test('narrows to a union that the code discriminates', () => {
    const fields = { key: 'a', position: 1, actualLength: 2 };
    const error: unknown = new DivergedError('it diverged', fields);

    // Compiles only if the type is narrowed.
    const actualLength =
      isAppendError(error) && error.code === 'APPEND_ERR_DIVERGED' ? error.actualLength : undefined;
    expect(actualLength).toBe(2);
  });

  test('accepts errors of another copy of the package, and no others', () => {
    const foreign = Object.assign(new Error('of another copy'), {
      [Symbol.for('oss-append-stream.AppendError')]: true,
    });

    expect(isAppendError(foreign)).toBe(true);
    for (const other of [new Error('other'), { code: 'APPEND_ERR_DIVERGED' }, null, undefined, 1]) {
      expect(isAppendError(other)).toBe(false);
    }
  });
});

describe('an error', () => {
  test('has its fields as own properties, so that loggers print them', () => {
    const cause = new Error('why');
    const error = new OssRequestError(
      'no answer',
      { outcome: 'unknown', answered: false },
      { cause },
    );

    expect(error).toBeInstanceOf(AppendError);
    expect({ ...error }).toEqual({
      name: 'OssRequestError',
      code: 'APPEND_ERR_REQUEST',
      outcome: 'unknown',
      answered: false,
    });
    expect(error.cause).toBe(cause);
    expect(new OssRequestError('x', { outcome: 'unknown', name: 'AbortError' }).name).toBe(
      'AbortError',
    );
  });

  test('with two checksums serialises to JSON, which has no bigint', () => {
    const error = new ChecksumError('they differ', { key: 'a', expected: 1n, actual: 2n });

    expect([error.expected, error.actual]).toEqual([1n, 2n]);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ key: 'a', name: 'ChecksumError' });
  });
});
