// Lines of which append() takes a part while `overflow` drops others.
import { finished } from 'node:stream/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import type { LogWritableOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import { connectionTo } from '../helpers/open-stream.js';

const line = (number: number) => `${number} ${'.'.repeat(47)}\n`;
const policies = ['drop-oldest', 'drop-newest'] as const;

/** Options with which lines may end within an append, and those with which they may not. */
const sharing = [
  { name: "conflict: 'fail'", options: { conflict: 'fail' } },
  { name: 'recordDelimiter: false', options: { recordDelimiter: false } },
  { name: 'the default options', options: {} },
] as const;

const cases = policies.flatMap((policy) => sharing.map((given) => ({ policy, ...given })));

/** A log whose bound of 200 bytes is reached by four lines. */
async function open(policy: (typeof policies)[number], given: Partial<LogWritableOptions>) {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const stream = new LogWritable({
    ...connectionTo(emulator),
    key: 'log',
    fallback: false,
    chunkSize: 100,
    highWaterMark: 200,
    flushInterval: 0,
    overflow: { maxLength: 200, policy, marker: '#{count}' },
    ...given,
  });
  onTestFinished(() => {
    stream.destroy();
  });
  const end = async () => {
    stream.end();
    await finished(stream);
    return String(await emulator.read('examplebucket', 'log'));
  };
  return { stream, end };
}

const dropped = { code: 'APPEND_ERR_LINES_DROPPED' };

describe.each(cases)('with $policy and $name', ({ policy, options }) => {
  test('append() begins a line that is completed', async () => {
    const { stream, end } = await open(policy, options);
    for (let number = 0; number < 4; number++) stream.write(line(number));

    const begun = stream.append('audit: user=alice ');
    stream.write('action=delete\n');
    for (let number = 4; number < 7; number++) stream.write(line(number));
    const text = await end();

    const { start, end: behind } = await begun;
    expect(text.slice(start, behind)).toBe('audit: user=alice ');
    expect(text.match(/.*audit.*/g)).toEqual(['audit: user=alice action=delete']);
    const lines = text.split('\n').slice(0, -1);
    expect(lines.filter((it) => !/^(\d \.{47}|audit.*|#\d)$/.test(it))).toEqual([]);
    expect(lines.filter((it) => /^\d/.test(it))).toHaveLength(7 - stream.stats.linesDropped);
  });

  test('append() completes a line of which write() has passed on the beginning', async () => {
    const { stream, end } = await open(policy, options);
    stream.write('audit: user=alice ');
    for (const part of ['action=', 'delete\n']) void stream.append(part);
    for (let number = 0; number < 7; number++) stream.write(line(number));
    const text = await end();

    expect(text.split('\n')[0]).toBe('audit: user=alice action=delete');
    expect(text.match(/[^\n]#/g)).toBeNull();
  });

  test('append() is told where its bytes are, behind the marker of the lines that were dropped before', async () => {
    const { stream, end } = await open(policy, options);
    for (let number = 0; number < 9; number++) stream.write(line(number));
    expect(stream.stats.linesDropped).toBeGreaterThan(0);

    const appended = stream.append('audit\n');
    const text = await end();

    const { start, end: behind } = await appended;
    expect(text.slice(start, behind)).toBe('audit\n');
    expect(text.slice(0, start)).toContain('\n#');
    expect(text.slice(behind)).toBe('');
  });
});

describe.each(policies)("with %s and conflict: 'fail'", (policy) => {
  test('append() is refused within a line that was dropped, and drops the rest of it', async () => {
    const { stream, end } = await open(policy, { conflict: 'fail' });
    for (let number = 0; number < 4; number++) stream.write(line(number));
    // Of the one that is longer than the bound the beginning is dropped at once.
    stream.write('x'.repeat(300));
    const { linesDropped } = stream.stats;
    expect(linesDropped).toBeGreaterThan(0);

    const rest = stream.append('the rest\n');
    const behind = stream.append('behind\n');

    await expect(rest).rejects.toMatchObject(dropped);
    const text = await end();
    const { start, end: last } = await behind;
    expect(text.slice(start, last)).toBe('behind\n');
    expect(text).not.toContain('rest');
    expect(stream.stats.linesDropped).toBe(linesDropped);
  });

  test('append() of the rest of a dropped line and of another one passes on the other one', async () => {
    const { stream, end } = await open(policy, { conflict: 'fail' });
    for (let number = 0; number < 4; number++) stream.write(line(number));
    stream.write('x'.repeat(300));
    await new Promise<void>((resolve) => void stream.flush(() => resolve()));

    await expect(stream.append('the rest\nbehind\n')).rejects.toMatchObject(dropped);

    expect(await end()).toMatch(/\n#\d\nbehind\n$/);
  });

  test('append() of nothing is told the end although a line is being dropped', async () => {
    const { stream, end } = await open(policy, { conflict: 'fail' });
    stream.write(line(0));
    stream.write('x'.repeat(300));

    const nothing = stream.append('');
    await end();

    await expect(nothing).resolves.toEqual({ key: 'log', start: 50, end: 50 });
  });
});
