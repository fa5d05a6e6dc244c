import { describe, expect, test } from 'vitest';
import { AppendReadable, type AppendReadableOptions } from '../../src/index.js';
import { resolveReadableOptions } from '../../src/read/resolve-readable-options.js';
import { ScriptedClient } from '../append/scripted-client.js';

const act = 'create AppendReadable';
const valid = { region: 'cn-hangzhou', bucket: 'examplebucket', key: 'a.log' };
const template = '{yyyy}-{MM}-{dd}.log';

/** Options as a program without TypeScript might pass them. */
const resolve = (options: object) =>
  resolveReadableOptions({ ...valid, ...options } as AppendReadableOptions, act);

describe('AppendReadable refuses', () => {
  test.each([
    { name: 'key', value: undefined, error: TypeError },
    { name: 'key', value: '', error: RangeError },
    { name: 'key', value: '/a.log', error: TypeError },
    { name: 'key', value: () => 'a.log', error: TypeError },
    { name: 'start', value: -1, error: RangeError },
    { name: 'start', value: '1', error: TypeError },
    { name: 'start', value: 1.5, error: RangeError },
    { name: 'end', value: -1, error: RangeError },
    { name: 'end', value: null, error: TypeError },
    { name: 'follow', value: 'yes', error: TypeError },
    { name: 'follow', value: null, error: TypeError },
    { name: 'follow', value: [], error: TypeError },
    { name: 'follow', value: new Date(), error: TypeError },
    { name: 'follow.pollInterval', value: 0, error: RangeError },
    { name: 'follow.pollInterval', value: '1s', error: TypeError },
    { name: 'follow.pollInterval', value: Number.NaN, error: RangeError },
    { name: 'follow.maxPollInterval', value: 2 ** 31, error: RangeError },
    { name: 'follow.maxPollInterval', value: 0, error: RangeError },
    { name: 'follow.maxPollInterval', value: '1s', error: TypeError },
    { name: 'follow.maxPollInterval', value: Number.NaN, error: RangeError },
    { name: 'lag', value: -1, error: RangeError },
    { name: 'lag', value: '1m', error: TypeError },
    { name: 'rollover', value: 'day', error: TypeError },
    { name: 'rollover', value: [], error: TypeError },
    { name: 'rollover', value: new Set(), error: TypeError },
    { name: 'rollover', value: { size: 1 }, error: TypeError },
    { name: 'rollover.interval', value: 'week', error: RangeError },
    { name: 'rollover.interval', value: 60_000, error: TypeError },
    { name: 'rollover.timeZone', value: 'Europe/Atlantis', error: RangeError },
    { name: 'rollover.timeZone', value: 8, error: TypeError },
    { name: 'retry', value: 5, error: TypeError },
    { name: 'retry', value: { retries: -1 }, error: RangeError },
    { name: 'requestTimeout', value: 0, error: RangeError },
    { name: 'requestPayer', value: 'bucket', error: RangeError },
    { name: 'trafficLimit', value: 1000, error: RangeError },
    { name: 'signal', value: {}, error: TypeError },
    { name: 'highWaterMark', value: 0, error: RangeError },
    { name: 'encoding', value: 'utf9', error: TypeError },
    { name: 'objectMode', value: true, error: TypeError },
    { name: 'autoDestroy', value: 1, error: TypeError },
  ])('$name $value with an error that names the rule and the value', ({ name, value, error }) => {
    const [outer = '', inner] = name.split('.');
    const options = { [outer]: inner === undefined ? value : { [inner]: value } };

    expect(() => resolve(options)).toThrow(error);
    expect(() => resolve(options)).toThrow(name);
    expect(() => resolve(options)).toThrow(/^Cannot create AppendReadable/);
  });

  test.each([
    { key: '{hostname}.log', rule: '{hostname}' },
    { key: '{pid}.log', rule: '{pid}' },
    { key: '{id}.log', rule: '{id}' },
    { key: '{MM}-{dd}.log', rule: '{yyyy}, {MM} and {dd}' },
    {
      key: '{HH}-{seq}.log',
      rule: '{yyyy}, {MM}, {dd} and {HH}: without them its dates come again',
    },
    { key: '{yyyy}-{MM}.log', interval: 'day', rule: '{yyyy}, {MM} and {dd}' },
    { key: '{week}.log', rule: 'a template with no other fields than' },
    { key: '{yyyy.log', rule: 'balanced braces' },
  ] as const)('the template $key with the interval $interval', ({ key, rule, ...rollover }) => {
    expect(() => resolve({ key, rollover })).toThrow(TypeError);
    expect(() => resolve({ key, rollover })).toThrow(rule);
    expect(() => resolve({ key, rollover })).toThrow(`current value is '${key}'`);
  });

  test('a function as key also with rollover, and says why', () => {
    expect(() => resolve({ key: () => 'a.log', rollover: true })).toThrow(
      "Cannot create AppendReadable as 'key' must be a string: keys that a function makes cannot be followed",
    );
  });

  test('an end together with rollover', () => {
    expect(() => resolve({ rollover: true, end: 5 })).toThrow(TypeError);
  });

  test.each([
    { start: { key: 'b.log', position: 0 }, rule: 'start.key' },
    { start: { key: '2026-11-28.01.log', position: 0 }, rule: 'start.key' },
    { start: { key: '2026-02-30.log', position: 0 }, rule: 'start.key' },
    { start: { position: 0 }, rule: 'start.key' },
    { start: { key: '2026-11-28.log', position: -1 }, rule: 'start.position' },
    { start: '2026-11-28.log', rule: 'start' },
    { start: null, rule: 'start' },
  ])('the start $start in a series of days', ({ start, rule }) => {
    const rollover = { interval: 'day' };

    expect(() => resolve({ key: template, rollover, start })).toThrow(`'${rule}'`);
  });

  test('a start with a key without rollover', () => {
    expect(() => resolve({ start: { key: 'a.log', position: 0 } })).toThrow(
      "as a 'start' with a key needs 'rollover'",
    );
  });

  test('an end before the start, and names both', () => {
    expect(() => resolve({ start: 5, end: 4 })).toThrow(
      "Cannot create AppendReadable as 'end' must be at least 'start', 5: current value is 4",
    );
  });

  test('a client together with its options, and one that cannot read', () => {
    const client = new ScriptedClient();

    expect(() => resolve({ client })).toThrow("with both 'client' and 'bucket'");
    const { bucket: _, region: __, ...rest } = valid;
    expect(() => resolveReadableOptions({ ...rest, client: {} as never }, act)).toThrow(
      "'client' must be an AppendClient",
    );
  });

  test('options of its client at construction', () => {
    expect(() => new AppendReadable({ ...valid, bucket: 'No' })).toThrow(
      /^Cannot create AppendReadable/,
    );
    expect(() => new AppendReadable({ ...valid, accessKeyId: 'x' } as never)).toThrow(
      "'accessKeyId' is not an option",
    );
  });
});

describe('AppendReadable accepts', () => {
  test.each([
    { follow: undefined, resolved: undefined },
    { follow: false, resolved: undefined },
    { follow: true, resolved: { pollInterval: 1000, maxPollInterval: 10_000 } },
    { follow: {}, resolved: { pollInterval: 1000, maxPollInterval: 10_000 } },
    { follow: { pollInterval: 1 }, resolved: { pollInterval: 1, maxPollInterval: 10_000 } },
    { follow: { pollInterval: 3e4 }, resolved: { pollInterval: 3e4, maxPollInterval: 3e4 } },
    { follow: { maxPollInterval: 500 }, resolved: { pollInterval: 500, maxPollInterval: 500 } },
    { follow: { maxPollInterval: 5000 }, resolved: { pollInterval: 1000, maxPollInterval: 5000 } },
    { follow: { maxPollInterval: 1000 }, resolved: { pollInterval: 1000, maxPollInterval: 1000 } },
  ])('follow: $follow', ({ follow, resolved }) => {
    expect(resolve({ follow }).follow).toEqual(resolved);
  });

  test('no longest interval below the shortest', () => {
    const follow = { pollInterval: 1000, maxPollInterval: 999 };

    expect(() => resolve({ follow })).toThrow(RangeError);
    expect(() => resolve({ follow })).toThrow("at least 'follow.pollInterval', 1000");
  });

  test('the rollover options of a writer', () => {
    const rollover = { interval: 'day', timeZone: 'Asia/Shanghai', maxSize: 2 ** 30 };

    expect(resolve({ key: template, rollover }).source).toHaveProperty('series');
    expect(resolve({ key: '{seq}', rollover: { maxSize: 5 } }).source).toHaveProperty('series');
  });

  test.each([
    { key: '{yyyy}.log', rollover: true },
    { key: template, rollover: { timeZone: 'Asia/Shanghai' } },
    { key: `{HH}-${template}`, rollover: { interval: 'day' } },
  ])('dates in $key that $rollover does not ask for', (options) => {
    expect(resolve(options).source).toHaveProperty('series');
  });

  test('braces without rollover as they are', () => {
    expect(resolve({ key: '{pid}.log' }).source).toMatchObject({ key: '{pid}.log' });
  });

  test('a client that can only read', () => {
    const client = { headObject: async () => undefined, getObject: async () => process.stdin };

    expect(() => new AppendReadable({ client, key: 'a.log' })).not.toThrow();
  });

  test('unknown options, without a method of the stream among them', () => {
    expect(resolve({ read: () => {}, destroy: () => {} }).readable).toEqual({
      highWaterMark: 65_536,
    });
  });
});
