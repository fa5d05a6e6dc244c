import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OssClient } from '../../src/index.js';
import { replaceTimers } from '../../src/timers/node-timers.js';
import { appendAt } from '../emulator/signed-request.js';
import { runCommand, startCommand } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { movableClock } from '../helpers/movable-clock.js';
import { connectionTo } from '../helpers/open-stream.js';
import { runHere } from '../helpers/run-here.js';

const { emulator, env } = await startEmulatorForFile();
const client = new OssClient(connectionTo(emulator));

const url = (key: string) => `oss://examplebucket/${key}`;
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join('');

/** Follows an object in its own process; `output` is what it has printed so far. */
function follow(args: readonly string[], environment: Record<string, string> = {}) {
  const flags = ['-f', '--poll-interval', '50ms'];
  const child = startCommand(['tail', ...flags, ...args], { env: { ...env, ...environment } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const seen = { output: '', errors: '' };
  child.stdout?.on('data', (text) => {
    seen.output += text;
  });
  child.stderr?.on('data', (text) => {
    seen.errors += text;
  });
  return { child, seen, ended: once(child, 'close') };
}

/** Lets a test wait a hundredth of each pause between two attempts; requests keep their minute. */
function shortenPauses(): void {
  const longestPause = 20_000;
  onTestFinished(
    replaceTimers({
      setTimeout: (run, delay) => setTimeout(run, delay > longestPause ? delay : delay / 100),
    }),
  );
}

/** Resolves when a process has asked for `key`. */
async function askedFor(key: string): Promise<void> {
  await expect.poll(() => emulator.requests.some((request) => request.key === key)).toBe(true);
}

describe('tail', () => {
  test('writes the last ten lines, or as many as are asked for, or from an offset', async () => {
    await appendAt(emulator, 'numbers', 0, numbers(1, 100));

    const ten = await runCommand(['tail', url('numbers')], { env });
    const print = async (...flags: string[]) =>
      (await runHere(['tail', ...flags, url('numbers')], env)).stdout;

    expect(ten).toEqual({ exitCode: 0, stdout: numbers(91, 100), stderr: '' });
    expect(await print()).toBe(numbers(91, 100));
    expect(await print('-n', '3')).toBe(numbers(98, 100));
    expect(await print('-n', '0')).toBe('');
    expect(await print('--lines', '1000')).toBe(numbers(1, 100));
    expect(await print('--start', '289')).toBe('00\n');
  });

  test.each([
    { lines: '-3', output: numbers(98, 100) },
    { lines: '-0', output: '' },
    { lines: '+98', output: numbers(98, 100) },
    { lines: '+1', output: numbers(1, 100) },
    { lines: '+0', output: numbers(1, 100) },
    { lines: '+101', output: '' },
    { lines: '+1000', output: '' },
  ])('takes a sign before the lines as tail(1) does: $lines', async ({ lines, output }) => {
    await client.appendObject('signed', 0, Buffer.from(numbers(1, 100))).catch(() => {});

    expect(await runHere(['tail', '-n', lines, url('signed')], env)).toEqual({
      exitCode: 0,
      stdout: output,
      stderr: '',
    });
  });

  test('shows the end of the last object of a template', async () => {
    await appendAt(emulator, 'series.log', 0, 'one\n');
    await appendAt(emulator, 'series.1.log', 0, 'two\n');

    const { stdout } = await runHere(['tail', '--rollover', url('series.log')], env);

    expect(stdout).toBe('two\n');
  });

  test('shows the last object of a template with a date, in its time zone', async () => {
    const inShanghai = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    await appendAt(emulator, `sized-${inShanghai}.log`, 0, 'one\n');
    await appendAt(emulator, `sized-${inShanghai}.1.log`, 0, 'two\n');
    const flags = ['--rollover', '--time-zone', 'Asia/Shanghai'];
    const args = ['tail', ...flags, url('sized-{yyyy}-{MM}-{dd}.log')];

    expect(await runHere(args, env)).toEqual({ exitCode: 0, stdout: 'two\n', stderr: '' });
  });

  test('begins with the first object of a template at --start 0', async () => {
    await appendAt(emulator, 'all.log', 0, 'one\n');
    await appendAt(emulator, 'all.1.log', 0, 'two\n');
    const args = ['tail', '--rollover', '--start', '0', url('all.log')];

    expect(await runHere(args, env)).toEqual({
      exitCode: 0,
      stdout: 'one\ntwo\n',
      stderr: '',
    });
  });

  test.each([
    [[], 'The object oss://examplebucket/missing does not exist.'],
    [['--rollover'], 'An object of oss://examplebucket/missing does not exist.'],
  ])('exits with 1 where there is no object: %j', async (flags, message) => {
    expect(await runHere(['tail', ...flags, url('missing')], env)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `oss-append: ${message}\n`,
    });
  });

  test('exits with 3 where there is no bucket, and with 1 if OSS is unavailable', async () => {
    const nowhere = await runHere(['tail', 'oss://no-such-bucket/k'], env);
    onTestFinished(emulator.faults.add({ kind: 'error-503', key: 'unavailable' }));
    const unavailable = await runHere(['tail', url('unavailable')], env);

    expect(nowhere).toMatchObject({ exitCode: 3, stdout: '' });
    expect(nowhere.stderr).toMatch(/^oss-append: .+NoSuchBucket.+\n$/);
    expect(unavailable.exitCode).toBe(1);
    expect(unavailable.stderr).toMatch(/^oss-append: .+ OSS answered 503.+\n$/);
  });

  test.each([
    [['-n', '3', '--start', '0'], '--lines and --start exclude each other.'],
    [['-n', '+3', '--start', '0'], '--lines and --start exclude each other.'],
    [['-n', '--3'], 'It must be a whole number.'],
    [['-n', '+'], 'It must be a whole number.'],
    [['-n', '+3', '--rollover'], '--lines +N and --rollover exclude each other'],
    [
      ['-n', '+3', '--rollover-interval', 'day'],
      '--lines +N and --rollover-interval exclude each other',
    ],
    [['--poll-interval', '2s'], '--poll-interval needs --follow.'],
    [['-f', '--poll-interval', '0'], '--poll-interval must be from 1ms to 596h: it is 0ms.'],
    [['--time-zone', 'Asia/Shanghai'], '--time-zone needs --rollover or --rollover-interval.'],
    [['--rollover-interval', 'day'], '{yyyy}, {MM} and {dd}, which --rollover-interval needs'],
  ])('refuses %j', async (flags, message) => {
    const { exitCode, stderr } = await runHere(['tail', ...flags, url('k')], env);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });

  test('refuses a template that only the writer can fill in', async () => {
    const args = ['tail', '--rollover', url('{hostname}.log')];
    const { exitCode, stderr } = await runHere(args, env);

    expect(exitCode).toBe(2);
    expect(stderr).toContain('the key must be a template without {hostname}');
  });
});

describe('tail -f', () => {
  test('survives an outage at its start as it does later', async () => {
    await appendAt(emulator, 'away', 0, 'here\n');
    await client.sealAppendObject('away', 5);
    onTestFinished(emulator.faults.add({ kind: 'error-503', key: 'away', nth: 1, times: 10 }));
    shortenPauses();

    expect(await runHere(['tail', '-f', url('away')], env)).toEqual({
      exitCode: 0,
      stdout: 'here\n',
      stderr: '',
    });
  });

  test('goes on with what is appended, and ends when the object is sealed', async () => {
    await appendAt(emulator, 'followed', 0, numbers(1, 20));
    const { seen, ended } = follow([url('followed')]);
    await expect.poll(() => seen.output).toBe(numbers(11, 20));
    await appendAt(emulator, 'followed', 51, 'next\n');
    await expect.poll(() => seen.output).toBe(`${numbers(11, 20)}next\n`);
    await client.sealAppendObject('followed', 56);

    expect(await ended).toEqual([0, null]);
    expect(seen.errors).toBe('');
  });

  test('waits for an object that does not exist yet, and says so', async () => {
    const { seen } = follow([url('later')]);
    await expect
      .poll(() => seen.errors)
      .toBe('oss-append: The object oss://examplebucket/later does not exist yet.\n');
    await appendAt(emulator, 'later', 0, 'here\n');

    await expect.poll(() => seen.output).toBe('here\n');
  });

  test('goes on to count the lines that it leaves out', async () => {
    await appendAt(emulator, 'counted', 0, '1\n2\n3');
    const { seen, ended } = follow(['-n', '+5', url('counted')]);
    await askedFor('counted');
    await appendAt(emulator, 'counted', 5, '\n4\n5\n');
    await expect.poll(() => seen.output).toBe('5\n');
    await appendAt(emulator, 'counted', 10, '6\n');
    await expect.poll(() => seen.output).toBe('5\n6\n');
    await client.sealAppendObject('counted', 12);

    expect(await ended).toEqual([0, null]);
  });

  test('leaves out no object that is begun while it starts', async () => {
    // Behind the search for the last object, which has found none.
    emulator.faults.add({ kind: 'delay', key: 'begun.log', operation: 'head', nth: 2, delay: 500 });
    const { seen } = follow(['--rollover', url('begun.log')]);
    await expect.poll(() => seen.errors).toContain('does not exist yet');
    await appendAt(emulator, 'begun.log', 0, 'one\n');
    await appendAt(emulator, 'begun.1.log', 0, 'two\n');

    await expect.poll(() => seen.output).toBe('one\ntwo\n');
  });

  test('exits with 1 when the object is replaced', async () => {
    await appendAt(emulator, 'replaced', 0, 'one\n');
    const { seen, ended } = follow([url('replaced')]);
    await expect.poll(() => seen.output).toBe('one\n');
    onTestFinished(
      emulator.faults.add({ kind: 'replace', key: 'replaced', operation: 'head', nth: 1 }),
    );

    expect(await ended).toEqual([1, null]);
    expect(seen.errors).toMatch(/^oss-append: Cannot read "replaced" .+ rewritten.+\n$/);
  });

  test('goes on to the object of the next day', async () => {
    const day = (days: number) =>
      new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const [today, tomorrow] = [`${day(0)}.log`, `${day(1)}.log`];
    await appendAt(emulator, today, 0, 'today\n');
    const args = ['--rollover-interval', 'day', url('{yyyy}-{MM}-{dd}.log')];
    const { child, seen } = follow(args, movableClock);
    await expect.poll(() => seen.output).toBe('today\n');
    child.kill('SIGUSR2');
    await askedFor(tomorrow);
    await appendAt(emulator, tomorrow, 0, 'tomorrow\n');

    await expect.poll(() => seen.output).toBe('today\ntomorrow\n');
  });

  test('is ended by a signal as cat is', async () => {
    await appendAt(emulator, 'signalled', 0, 'one\n');
    const { child, seen, ended } = follow([url('signalled')]);
    await expect.poll(() => seen.output).toBe('one\n');
    child.kill('SIGTERM');

    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  test('exits silently with the code of SIGPIPE when its reader closes the pipe', async () => {
    await appendAt(emulator, 'piped', 0, 'one\n');
    const { child, seen, ended } = follow([url('piped')]);
    await expect.poll(() => seen.output).toBe('one\n');
    child.stdout?.destroy();
    await appendAt(emulator, 'piped', 4, 'two\n');

    expect(await ended).toEqual([141, null]);
    expect(seen.errors).toBe('');
  });
});
