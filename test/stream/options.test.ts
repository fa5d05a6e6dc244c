import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { AppendWritable, type AppendWritableOptions } from '../../src/index.js';
import { resolveOptions } from '../../src/stream/options.js';

const valid = { region: 'cn-hangzhou', bucket: 'examplebucket', key: 'a.log' };
const mebibyte = 2 ** 20;

/** Options as a program without TypeScript might pass them. */
const resolve = (options: object) => resolveOptions({ ...valid, ...options });

describe('resolveOptions()', () => {
  test.each([
    { name: 'key', value: undefined, error: TypeError },
    { name: 'key', value: '', error: RangeError },
    { name: 'key', value: 'x'.repeat(1024), error: RangeError },
    { name: 'key', value: '\u20ac'.repeat(342), error: RangeError },
    { name: 'key', value: '/a.log', error: TypeError },
    { name: 'key', value: '\ud800', error: TypeError },
    { name: 'flags', value: 'w', error: RangeError },
    { name: 'flags', value: 1, error: TypeError },
    { name: 'position', value: -1, error: RangeError },
    { name: 'position', value: '4', error: TypeError },
    { name: 'chunkSize', value: 0, error: RangeError },
    { name: 'chunkSize', value: 1.5, error: RangeError },
    { name: 'chunkSize', value: 2 ** 30 + 1, error: RangeError },
    { name: 'chunkSize', value: '4MiB', error: TypeError },
    { name: 'flushInterval', value: -1, error: RangeError },
    { name: 'flushInterval', value: Number.NaN, error: RangeError },
    { name: 'flushInterval', value: 2 ** 31, error: RangeError },
    { name: 'flushInterval', value: null, error: TypeError },
    { name: 'highWaterMark', value: 1, error: RangeError },
    { name: 'verify', value: 'md5', error: RangeError },
    { name: 'retry', value: 5, error: TypeError },
    { name: 'retry', value: [], error: TypeError },
    { name: 'retry', value: new Map([['retries', 1]]), error: TypeError },
    { name: 'retry', value: { retries: -1 }, error: RangeError },
    { name: 'retry', value: { minTimeout: '1s' }, error: TypeError },
    { name: 'retry', value: { factor: Number.NaN }, error: RangeError },
    { name: 'retry', value: { randomize: 'yes' }, error: TypeError },
    { name: 'retry', value: { unref: 1 }, error: TypeError },
    { name: 'requestTimeout', value: 0, error: RangeError },
    { name: 'requestPayer', value: 'bucket', error: RangeError },
    { name: 'trafficLimit', value: 1000, error: RangeError },
    { name: 'signal', value: {}, error: TypeError },
    { name: 'defaultEncoding', value: 'utf9', error: TypeError },
    { name: 'autoDestroy', value: 1, error: TypeError },
    { name: 'objectMode', value: true, error: TypeError },
    { name: 'client', value: {}, error: TypeError },
    { name: 'contentType', value: 'text/plain\r\nx-oss-acl: public-read', error: TypeError },
    // Only what is copied from another object may be bytes.
    { name: 'contentType', value: Buffer.from('text/plain'), error: TypeError },
    { name: 'metadata', value: { name: Buffer.from('a') }, error: TypeError },
    { name: 'expires', value: Buffer.from('0'), error: TypeError },
    { name: 'expires', value: '2026-11-22', error: TypeError },
    { name: 'acl', value: 'open', error: RangeError },
    { name: 'storageClass', value: 'ColdArchive', error: RangeError },
    { name: 'storageClass', value: 'DeepColdArchive', error: RangeError },
    { name: 'serverSideEncryption', value: 'DES', error: RangeError },
    { name: 'metadata', value: { 'a b': 'c' }, error: TypeError },
    { name: 'metadata', value: { a: 'x'.repeat(8192) }, error: RangeError },
    { name: 'metadata', value: { a: 1 }, error: TypeError },
    { name: 'metadata', value: new Map([['a', 'b']]), error: TypeError },
    { name: 'tagging', value: new Date(), error: TypeError },
    { name: 'tagging', value: 'a=b', error: TypeError },
    { name: 'conflict', value: 'rebase', error: TypeError },
    { name: 'conflict', value: 'rollover', error: TypeError },
    { name: 'conflict', value: 'ignore', error: RangeError },
    { name: 'rollover', value: 'day', error: TypeError },
    { name: 'rollover', value: [], error: TypeError },
    { name: 'rollover', value: new Date(), error: TypeError },
    { name: 'rollover', value: { maxSize: 1 }, error: RangeError },
    { name: 'rollover', value: { maxSize: 5 * 2 ** 30 + 1 }, error: RangeError },
    { name: 'rollover', value: { size: 2 ** 30 }, error: TypeError },
    { name: 'rollover', value: { interval: 'week' }, error: RangeError },
    { name: 'rollover', value: { interval: 0 }, error: RangeError },
    { name: 'rollover', value: { timeZone: 'Europe/Atlantis' }, error: RangeError },
    { name: 'key', value: () => 'a.log', error: TypeError },
    { name: 'journal', value: { directory: '/tmp' }, error: TypeError },
    { name: 'recordDelimiter', value: true, error: TypeError },
    { name: 'recordDelimiter', value: 10, error: TypeError },
    { name: 'recordDelimiter', value: '', error: RangeError },
    { name: 'recordDelimiter', value: new Uint8Array(0), error: RangeError },
    { name: 'recordDelimiter', value: 'x'.repeat(1025), error: RangeError },
    { name: 'recordDelimiter', value: '€'.repeat(342), error: RangeError },
  ])(
    'refuses $name $value with an error that names the rule and the value',
    ({ name, value, error }) => {
      expect(() =>
        resolve({ [name]: value, ...(name === 'client' ? withoutConnection : {}) }),
      ).toThrow(error);
      expect(() =>
        resolve({ [name]: value, ...(name === 'client' ? withoutConnection : {}) }),
      ).toThrow(new RegExp(name));
    },
  );

  const withoutConnection = { region: undefined, bucket: undefined };

  test.each([
    { given: {}, chunkSize: 4 * mebibyte, highWaterMark: 16 * mebibyte },
    { given: { chunkSize: 8 * mebibyte }, chunkSize: 8 * mebibyte, highWaterMark: 32 * mebibyte },
    { given: { chunkSize: 1 }, chunkSize: 1, highWaterMark: 16 * mebibyte },
    { given: { highWaterMark: 100_000 }, chunkSize: 25_000, highWaterMark: 100_000 },
    { given: { highWaterMark: 2 }, chunkSize: 1, highWaterMark: 2 },
    { given: { highWaterMark: 2 ** 30 }, chunkSize: 4 * mebibyte, highWaterMark: 2 ** 30 },
    { given: { chunkSize: 10, highWaterMark: 20 }, chunkSize: 10, highWaterMark: 20 },
  ])('computes the missing sizes from $given', ({ given, chunkSize, highWaterMark }) => {
    const resolved = resolve(given);

    expect(resolved.buffer.chunkSize).toBe(chunkSize);
    expect(resolved.highWaterMark).toBe(highWaterMark);
  });

  test.each([
    { given: {}, limit: 12 * mebibyte - 65_536, queue: 65_536 },
    { given: { chunkSize: 65_536 }, limit: 4 * mebibyte, queue: 12 * mebibyte - 65_536 },
    { given: { chunkSize: 1 }, limit: 64, queue: 16 * mebibyte - 65 },
    { given: { highWaterMark: 200_000 }, limit: 84_464, queue: 65_536 },
    { given: { chunkSize: 10, highWaterMark: 20 }, limit: 10, queue: 65_536 },
    { given: { highWaterMark: 2 }, limit: 1, queue: 65_536 },
  ])(
    "divides the highWaterMark of $given between chunks and Node's queue",
    ({ given, limit, queue }) => {
      const resolved = resolve(given);

      expect(resolved.buffer.limit).toBe(limit);
      expect(resolved.writable.highWaterMark).toBe(queue);
    },
  );

  test('refuses a highWaterMark below twice the chunkSize, and names both', () => {
    expect(() => resolve({ chunkSize: 10, highWaterMark: 19 })).toThrow(
      "Cannot create AppendWritable as 'highWaterMark' must be at least twice 'chunkSize', 10: current value is 19",
    );
  });

  test('treats undefined as the default and ignores unknown options', () => {
    const names = ['flags', 'chunkSize', 'retry', 'client', 'signal', 'expires', 'metadata'];
    const blank = Object.fromEntries(names.map((name) => [name, undefined]));

    expect(resolve({ ...blank, $context: {}, write: () => {} })).toEqual(resolve({}));
  });

  test('does not forward options that would replace methods of the stream', () => {
    const hooks = { write: () => {}, final: () => {}, destroy: () => {}, construct: () => {} };

    expect(Object.keys(resolve(hooks).writable).sort()).toEqual(['decodeStrings', 'highWaterMark']);
  });

  test.each([
    'bucket',
    'region',
    'endpoint',
    'credentials',
    'dispatcher',
    'proxy',
    'addressing',
    'internal',
  ])('refuses client together with %s', (name) => {
    const client = { appendObject: () => {} };

    expect(() => resolveOptions({ key: 'a', client, [name]: 'x' } as never)).toThrow(
      `Cannot create AppendWritable with both 'client' and '${name}'`,
    );
  });

  test('copies the options, so that later changes do not affect the stream', () => {
    const metadata: Record<string, string> = { writer: 'first' };
    const tagging: Record<string, string> = { tier: 'one' };
    const expires = new Date('2030-01-01T00:00:00Z');
    const retry = { retries: 3 };

    const { appender } = resolveOptions({ ...valid, metadata, tagging, expires, retry });
    metadata.writer = 'second\n';
    tagging.tier = 'two';
    expires.setTime(Number.NaN);
    retry.retries = 0;

    expect(appender.create).toEqual({
      metadata: { writer: 'first' },
      tagging: { tier: 'one' },
      expires: new Date('2030-01-01T00:00:00Z'),
    });
    expect(appender.retry.retries).toBe(3);
  });

  test('takes options from an object of any class, or of none', () => {
    class Settings {
      readonly retries = 3;
    }
    const rollover = Object.assign(Object.create(null), { maxSize: 5 * 2 ** 20 });
    const { appender } = resolve({ retry: new Settings(), rollover });

    expect(appender.retry.retries).toBe(3);
    expect(appender.series?.maxSize).toBe(5 * 2 ** 20);
  });

  test('does not change the object of the caller', () => {
    const options = Object.freeze({ ...valid, retry: Object.freeze({ retries: 1 }) });

    expect(resolveOptions(options).appender.retry).toEqual({
      retries: 1,
      minTimeout: 200,
      maxTimeout: 20_000,
      factor: 2,
      randomize: true,
      maxRetryTime: Number.POSITIVE_INFINITY,
      unref: false,
    });
  });
});

describe('new AppendWritable()', () => {
  test.each([
    { name: 'bucket', value: 'Bucket/../other' },
    { name: 'bucket', value: undefined },
    { name: 'region', value: 'cn-hangzhou.evil.example/' },
    { name: 'endpoint', value: 'https://user:pass@evil.example' },
  ])('refuses the $name $value without sending a request', ({ name, value }) => {
    expect(() => new AppendWritable({ ...valid, [name]: value } as AppendWritableOptions)).toThrow(
      TypeError,
    );
  });

  test('shows no secret in util.inspect()', () => {
    const secret = 'do-not-show-me';
    const credentials = { accessKeyId: 'id', accessKeySecret: secret, securityToken: secret };
    const stream = new AppendWritable({ ...valid, credentials, endpoint: 'http://127.0.0.1:1' });
    stream.on('error', () => {});

    expect(inspect(stream, { depth: 20, showHidden: true })).not.toContain(secret);
    stream.destroy();
  });
});
