import { describe, expect, test } from 'vitest';
import type { AppendOutcome } from '../../src/append/append-client.js';
import { ConfigurationError, exitCodeOf, UsageError } from '../../src/cli/exit-code.js';
import {
  CredentialsError,
  NotAppendableError,
  OssServiceError,
  RetriesExhaustedError,
} from '../../src/errors.js';

function refusal(status: number, outcome: AppendOutcome, ossCode?: string): OssServiceError {
  const fields = { status, outcome, ossCode, requestId: 'X', ec: undefined };
  return new OssServiceError('Refused', fields);
}

describe('exitCodeOf()', () => {
  test.each([
    { error: new UsageError('What?'), expected: 2 },
    { error: new ConfigurationError('Where?'), expected: 3 },
    { error: new CredentialsError('None', { outcome: 'fatal' }), expected: 3 },
    { error: new CredentialsError('None now', { outcome: 'rejected' }), expected: 1 },
    { error: new Error('Anything'), expected: 1 },
    { error: new NotAppendableError('No', { key: 'k', objectType: 'Normal' }), expected: 1 },
    {
      error: new RetriesExhaustedError(
        'Enough',
        { key: 'k', position: 0, attempts: 1 },
        { cause: refusal(403, 'forbidden') },
      ),
      expected: 1,
    },
  ])('is $expected for $error.name', ({ error, expected }) => {
    expect(exitCodeOf(error)).toBe(expected);
  });

  test.each<[number, AppendOutcome, string | undefined, number]>([
    [301, 'fatal', 'AccessDenied', 3],
    [307, 'fatal', undefined, 3],
    [400, 'fatal', 'InvalidArgument', 3], // The region is not that of the bucket.
    [400, 'fatal', undefined, 3], // The same in an answer to HEAD.
    [400, 'rejected', 'RequestTimeout', 1],
    [401, 'fatal', undefined, 3],
    [403, 'forbidden', 'AccessDenied', 3],
    [403, 'fatal', 'SignatureDoesNotMatch', 3],
    [404, 'fatal', 'NoSuchBucket', 3],
    [404, 'fatal', 'NoSuchKey', 1],
    [405, 'fatal', 'MethodNotAllowed', 1],
    [408, 'unknown', undefined, 1],
    [409, 'conflict', 'PositionNotEqualToLength', 1],
    [409, 'fatal', 'ObjectAlreadyExists', 1],
    [413, 'fatal', undefined, 1],
    [416, 'fatal', 'InvalidRange', 1],
    [429, 'unknown', undefined, 1],
    [500, 'unknown', 'InternalError', 1],
    [502, 'unknown', undefined, 1],
    [503, 'unknown', 'ServiceUnavailable', 1],
    [302, 'unknown', undefined, 1], // From a proxy.
    [403, 'unknown', undefined, 1],
  ])('for status %i, outcome %s and code %s is %i', (status, outcome, ossCode, expected) => {
    expect(exitCodeOf(refusal(status, outcome, ossCode))).toBe(expected);
  });

  test('is 1 if bytes were committed before the error', () => {
    expect(exitCodeOf(refusal(403, 'forbidden'), 1)).toBe(1);
    expect(exitCodeOf(new CredentialsError('None', { outcome: 'fatal' }), 1)).toBe(1);
  });
});
