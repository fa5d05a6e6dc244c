import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/cli/exit-code.js';
import { followOption } from '../../../src/cli/flags/follow-options.js';

describe('followOption()', () => {
  test('needs no file that exists', () => {
    expect(followOption({ follow: 'no-such-file' }, [])).toBeDefined();
    expect(followOption({}, ['a'])).toBeUndefined();
  });

  test.each([
    { flags: { follow: '/' }, message: 'Cannot follow /: it is not a regular file.' },
    { flags: { follow: '-' }, message: 'With --follow standard input is not read: name a file.' },
    { flags: { follow: 'a' }, before: ['-'], message: 'With --follow standard input is not read' },
    { flags: { follow: 'a' }, before: ['no-file'], message: 'Cannot follow no-file: it does not' },
    { flags: { pollInterval: 5 }, message: '--poll-interval needs --follow.' },
    {
      flags: { follow: 'a', pollInterval: 0 },
      message: '--poll-interval must be from 10ms to 596h: it is 0ms.',
    },
    {
      flags: { follow: 'a', pollInterval: 2 ** 31 },
      message: '--poll-interval must be from 10ms to 596h: it is 2147483648ms.',
    },
    { flags: { follow: 'a', rollover: true }, message: 'it excludes --rollover, --rollover-size' },
    { flags: { follow: 'a', rolloverSize: 5 }, message: 'it excludes --rollover, --rollover-size' },
    { flags: { follow: 'a', rolloverInterval: 'day' }, message: 'it excludes --rollover, --roll' },
    { flags: { follow: 'a', conflict: 'rollover' }, message: 'it excludes --conflict rollover.' },
  ] as const)('refuses $flags', ({ flags, message, ...rest }) => {
    const before = 'before' in rest ? rest.before : [];

    expect(() => followOption(flags, before)).toThrow(UsageError);
    expect(() => followOption(flags, before)).toThrow(message);
  });
});
