import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../src/stream/options.js';
import type { AppendWritableOptions } from '../../src/stream/stream-options.js';

const connection = {
  region: 'cn-hangzhou',
  bucket: 'logs',
  credentials: { accessKeyId: 'id', accessKeySecret: 'secret' },
};
const resolve = (options: Partial<AppendWritableOptions>) =>
  resolveOptions({ ...connection, key: 'app.log', ...options });
const gibibyte = 2 ** 30;

describe('resolveOptions() with rollover', () => {
  test.each([
    { given: { rollover: true }, maxSize: 5 * gibibyte - 16 * 2 ** 20 },
    { given: { rollover: {} }, maxSize: 5 * gibibyte - 16 * 2 ** 20 },
    { given: { rollover: { maxSize: 5 * gibibyte } }, maxSize: 5 * gibibyte },
    { given: { rollover: { maxSize: 10 }, chunkSize: 10 }, maxSize: 10 },
    { given: { rollover: true, highWaterMark: 8 * gibibyte }, maxSize: 4 * 2 ** 20 },
  ])('lets an object have $maxSize bytes with $given', ({ given, maxSize }) => {
    expect(resolve(given).buffer.objects?.maxSize).toBe(maxSize);
    expect(resolve(given).appender.series?.maxSize).toBe(maxSize);
  });

  test.each([undefined, false])('has one object with rollover %s', (rollover) => {
    const { buffer, appender } = resolve({ rollover, key: 'braces {mean} nothing' });

    expect(buffer.objects).toBeUndefined();
    expect(appender).toMatchObject({ key: 'braces {mean} nothing', series: undefined });
  });

  test.each([
    { key: 'app-{yyyy}.log', interval: 'day' },
    { key: 'app-{yyyy}-{MM}-{dd}.log', interval: 'hour' },
    { key: 'app-{MM}.log', interval: 'month' },
  ] as const)('refuses $key, which does not show each $interval', ({ key, interval }) => {
    expect(() => resolve({ key, rollover: { interval } })).toThrow(TypeError);
    expect(() => resolve({ key, rollover: { interval } })).toThrow(
      /'key' must be a template with .*'rollover.interval'.*current value is 'app-/,
    );
  });

  test.each([
    { key: 'app-{yy}.log', message: /fields/ },
    { key: 'app-{.log', message: /braces/ },
    { key: '/{pid}.log', message: /begin with a slash/ },
    { key: `${'x'.repeat(1020)}{pid}{pid}`, message: /1023 bytes/ },
    { key: 5 as never, message: /'key' must be a string or a function/ },
    { key: () => 'a.log', message: /'key' must be a function that gives each 'sequence' a key/ },
    { key: () => '', message: /1 to 1023 bytes/ },
    { key: (() => 7) as never, message: /must be a string/ },
  ])('refuses the key $key', ({ key, message }) => {
    expect(() => resolve({ key, rollover: true })).toThrow(message);
  });

  test.each([
    { key: `${'x'.repeat(1012)}.log`, is: 1023 },
    { key: `${'x'.repeat(1017)}{seq}`, is: 1023 },
    { key: `${'x'.repeat(1013)}{yyyy}{seq}`, is: 1023 },
    { key: `${'x'.repeat(1013)}.log`, is: 1024 },
    { key: `${'é'.repeat(508)}.log`, is: 1027 },
  ])('refuses keys that are too long with a number of six digits: $is bytes', ({ key, is }) => {
    const create = () => resolve({ key, rollover: true });

    if (is <= 1023) expect(create).not.toThrow();
    else {
      expect(create).toThrow(RangeError);
      expect(create).toThrow(
        `Cannot create AppendWritable as 'key' must be a template whose keys have 1 to 1023 bytes of UTF-8, also that of object 999999, which has ${is}: current value is '${key[0]}`,
      );
    }
  });

  test('refuses a function that throws with its error', () => {
    const key = () => {
      throw new Error('no key today');
    };
    expect(() => resolve({ key, rollover: true })).toThrow('no key today');
  });

  test.each([
    { given: { rollover: true, position: 0 }, message: /both 'position' and 'rollover'/ },
    { given: { conflict: 'rollover' }, message: /needs 'rollover'/ },
    { given: { key: () => 'a' }, message: /function as 'key' needs 'rollover'/ },
    { given: { conflict: 'rebase' }, message: /'conflict: rebase' needs 'recordDelimiter'/ },
    {
      given: { conflict: 'rebase', recordDelimiter: '\n', position: 0 },
      message: /'conflict: rebase' does not go with 'position'/,
    },
  ] as const)('refuses $given', ({ given, message }) => {
    expect(() => resolve(given)).toThrow(TypeError);
    expect(() => resolve(given)).toThrow(message);
  });

  test("keeps records whole up to highWaterMark with conflict 'rebase' alone", () => {
    const rebase = { conflict: 'rebase', recordDelimiter: '\n', highWaterMark: 1e6 } as const;

    expect(resolve(rebase).buffer.maxRecordSize).toBe(1e6);
    expect(resolve({ ...rebase, conflict: 'fail' }).buffer.maxRecordSize).toBeUndefined();
  });

  test('makes the first key when the stream is created', () => {
    const key = '{hostname}/{pid}/{yyyy}{MM}{dd}-{seq}.log';
    const { appender } = resolve({ key, rollover: { interval: 'day' } });
    const [today] = new Date().toISOString().replaceAll('-', '').split('T');

    expect(appender.key).toBe(`${hostname()}/${process.pid}/${today}-000000.log`);
  });

  test('gives each stream an {id} of its own', () => {
    const [first, second] = [1, 2].map(
      () => resolve({ key: '{id}.log', rollover: true }).appender.key,
    );

    expect(first).toMatch(/^[0-9a-f]{8}\.log$/);
    expect(second).not.toBe(first);
  });
});
