import { describe, expect, test } from 'vitest';
import { type LogWritableOptions, resolveLogOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';

const options = { region: 'cn-hangzhou', bucket: 'logs', key: 'app.log' };
const shared = { recordDelimiter: '\n', conflict: 'rebase', rollover: true };

function create(given: object): void {
  new LogWritable({ ...options, ...given } as LogWritableOptions).destroy();
}

describe('a log', () => {
  test.each<[Partial<LogWritableOptions>, object]>([
    [{}, {}],
    [{ recordDelimiter: '\r\n' }, { recordDelimiter: '\r\n' }],
    [{ recordDelimiter: undefined, conflict: undefined, rollover: undefined }, {}],
    [{ recordDelimiter: false }, { recordDelimiter: false, conflict: 'fail' }],
    [
      { recordDelimiter: false, conflict: 'rollover' },
      { recordDelimiter: false, conflict: 'rollover' },
    ],
    [{ rollover: false }, { rollover: false }],
    [{ rollover: { maxSize: 2 ** 30 } }, { rollover: { maxSize: 2 ** 30 } }],
    [{ conflict: 'fail' }, { conflict: 'fail' }],
    [{ conflict: 'rollover' }, { conflict: 'rollover' }],
    [{ position: 0 }, { conflict: 'fail', rollover: false }],
    [{ flags: 'a' }, {}],
    [{ flags: 'ax' }, { conflict: 'rollover' }],
    [
      { flags: 'ax', rollover: false },
      { conflict: 'fail', rollover: false },
    ],
    [{ flags: 'ax', conflict: 'rebase' }, {}],
    [
      { flags: 'ax', position: 0 },
      { conflict: 'fail', rollover: false },
    ],
    [
      { flags: 'ax', recordDelimiter: false },
      { recordDelimiter: false, conflict: 'fail' },
    ],
  ])('that is given %j has defaults that go with it', (given, expected) => {
    const { stream } = resolveLogOptions({ ...options, ...given }, 'test');

    expect(stream).toMatchObject({ ...shared, ...expected });
    expect(() => create(given)).not.toThrow();
  });

  test.each([
    [{ recordDelimiter: false, conflict: 'rebase' }, "'conflict: rebase' needs 'recordDelimiter'"],
    [{ position: 0, conflict: 'rebase' }, "'conflict: rebase' does not go with 'position'"],
    [{ position: 0, rollover: true }, "both 'position' and 'rollover'"],
    [{ rollover: false, conflict: 'rollover' }, "'conflict: rollover' needs 'rollover'"],
    [{ recordDelimiter: '' }, "'recordDelimiter' must be 1 to 1024 bytes: current value is ''"],
    [{ recordDelimiter: null }, "'recordDelimiter' must be a string, a Uint8Array or false"],
    [{ rollover: null }, "'rollover' must be an object or a boolean"],
    [{ conflict: null }, "'conflict' must be one of"],
    [{ key: 'app-{x}.log' }, "'key' must be a template with no other fields than"],
    [{ key: () => 'app.log', position: 0 }, "a function as 'key' needs 'rollover'"],
  ])('refuses %j', (given, message) => {
    expect(() => create(given)).toThrow(message);
  });

  test('takes a key for a template, unless it has no rollover', () => {
    const keyOf = (given: object) => {
      const stream = new LogWritable({ ...options, ...given } as LogWritableOptions);
      stream.destroy();
      return stream.key;
    };

    expect(keyOf({ key: 'app-{pid}.log' })).toBe(`app-${process.pid}.log`);
    expect(keyOf({ key: 'app-{{x}}.log' })).toBe('app-{x}.log');
    expect(keyOf({ key: 'app-{x}.log', rollover: false })).toBe('app-{x}.log');
    expect(keyOf({ key: 'app-{x}.log', position: 0 })).toBe('app-{x}.log');
    expect(keyOf({ key: ({ sequence }: { sequence: number }) => `app-${sequence}.log` })).toBe(
      'app-0.log',
    );
  });
});
