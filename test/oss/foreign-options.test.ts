import { describe, expect, test } from 'vitest';
import { assertNoForeignCredentials } from '../../src/oss/foreign-options.js';

describe('assertNoForeignCredentials()', () => {
  test.each([
    'accessKeyId',
    'accessKeySecret',
    'stsToken',
    'securityToken',
    'secretAccessKey',
    'sessionToken',
    'credentialsProvider',
    'accessKeyID',
    'AccessKeySecret',
  ])('refuses %s with a message that says what to pass and does not quote the value', (name) => {
    const check = () => assertNoForeignCredentials('create AppendWritable', { [name]: 'hunter2' });
    expect(check).toThrow(TypeError);
    expect(check).toThrow(
      `Cannot create AppendWritable as '${name}' is not an option and would be ignored: pass credentials: { accessKeyId, accessKeySecret, securityToken }`,
    );
    expect(check).not.toThrow(/hunter2/);
  });

  test.each([
    { scenario: 'an empty string', options: { accessKeyId: '' } },
    { scenario: 'null', options: { stsToken: null } },
    { scenario: 'an inherited value', options: Object.create({ accessKeySecret: 'hunter2' }) },
    {
      scenario: 'one together with credentials',
      options: { credentials: {}, stsToken: 'hunter2' },
    },
  ])('refuses $scenario', ({ options }) => {
    expect(() => assertNoForeignCredentials('create OssClient', options)).toThrow(TypeError);
  });

  test.each([
    { scenario: 'undefined', options: { accessKeyId: undefined, stsToken: undefined } },
    { scenario: 'our own names', options: { credentials: { accessKeyId: 'a' }, region: 'cn' } },
    {
      scenario: 'names that other SDKs do not use for a key',
      options: { accessKey: 1, level: 'info' },
    },
  ])('accepts $scenario', ({ options }) => {
    expect(() => assertNoForeignCredentials('create OssClient', options)).not.toThrow();
  });
});
