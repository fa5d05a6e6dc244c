import { beforeAll, describe, expect, test } from 'vitest';
import { findTargets, targets } from './targets.js';

const complete = {
  OSS_TEST_BUCKET: 'my-bucket',
  OSS_ACCESS_KEY_ID: 'the-id',
  OSS_ACCESS_KEY_SECRET: 'the-secret',
  OSS_REGION: 'cn-hangzhou',
};

beforeAll(() => {
  if (targets.length > 1) return;
  console.info(
    'The contract was not checked against a real OSS bucket. To check it, run: OSS_TEST_BUCKET=… OSS_REGION=… OSS_ACCESS_KEY_ID=… OSS_ACCESS_KEY_SECRET=… npx vitest run test/contract (also OSS_ENDPOINT and OSS_SESSION_TOKEN)',
  );
});

describe('findTargets()', () => {
  test('returns only the emulator when no bucket is named', () => {
    const { OSS_TEST_BUCKET: _, ...rest } = complete;

    expect(findTargets({}).map(({ name }) => name)).toEqual(['the emulator']);
    expect(findTargets(rest)).toHaveLength(1);
    expect(findTargets({ ...complete, OSS_TEST_BUCKET: '' })).toHaveLength(1);
  });

  test('also returns the bucket of the environment', () => {
    expect(findTargets(complete).map(({ name }) => name)).toEqual([
      'the emulator',
      'oss://my-bucket',
    ]);
  });

  test('names the missing variables and shows no secret', () => {
    const { OSS_ACCESS_KEY_ID: _, OSS_REGION: __, ...rest } = complete;

    expect(() => findTargets(rest)).toThrow(
      new Error('Cannot use OSS_TEST_BUCKET as these are not set: OSS_ACCESS_KEY_ID, OSS_REGION'),
    );
  });
});
