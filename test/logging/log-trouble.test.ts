import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { type LogWritableOptions, resolveLogOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import { connectionTo } from '../helpers/open-stream.js';

const line = `${'x'.repeat(99)}\n`;
const retry = { retries: Number.POSITIVE_INFINITY, minTimeout: 5, maxTimeout: 5 };
const policies = ['drop-oldest', 'drop-newest'] as const;

function open(emulator: Emulator, options: Partial<LogWritableOptions>): LogWritable {
  const connection = connectionTo(emulator);
  const own = { key: 'log', fallback: false, chunkSize: 1000, flushInterval: 0, retry } as const;
  const stream = new LogWritable({ ...connection, ...own, ...options });
  onTestFinished(() => {
    // A listener that logs would cause another 'drop' each time.
    stream.removeAllListeners('drop');
    stream.destroy();
  });
  return stream;
}

async function read(emulator: Emulator): Promise<string> {
  return String(await emulator.read('examplebucket', 'log'));
}

test.each(policies)(
  "a listener of 'drop' that logs does not loop forever with %s",
  async (policy) => {
    await using emulator = await startEmulator();
    const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const stream = open(emulator, { overflow: { maxLength: 4000, policy } });
    let drops = 0;
    stream.on('drop', ({ count }) => {
      // Fail instead of never returning.
      if (++drops > 1000) throw new Error("The listener of 'drop' loops forever");
      stream.write(`${count} dropped ${line}`);
    });
    for (let index = 0; index < 100; index++) stream.write(line);
    await new Promise((resolve) => stream.once('retry', resolve));

    remove();
    await stream.flush();

    expect(drops).toBeLessThan(20);
  },
);

test("a listener of 'drop' that logs does not disturb an ending stream", async () => {
  await using emulator = await startEmulator();
  const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
  const stream = open(emulator, { overflow: { maxLength: 4000, policy: 'drop-newest' } });
  stream.on('drop', () => stream.write('dropped\n', () => {}));
  for (let index = 0; index < 100; index++) stream.write(line);

  stream.end();
  await new Promise((resolve) => stream.once('retry', resolve));
  remove();
  await finished(stream);

  const marker = '{"level":40,"msg":"dropped 60 lines (5.9 KiB)"}\n';
  expect(await read(emulator)).toBe(`${line.repeat(40)}${marker}`);
});

test('destroy() calls the callback of each uncommitted line once, with an error', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'error-503', operation: 'append' });
  const stream = open(emulator, { overflow: { maxLength: 20_000 } });
  const told = new Map<number, unknown>();
  let calls = 0;
  for (let index = 0; index < 150; index++) {
    stream.write(line, (error) => {
      calls++;
      told.set(index, Reflect.get(error as Error, 'code'));
    });
  }

  stream.destroy();
  expect(stream.takeUncommitted()?.bytes).toHaveLength(15_000);
  await new Promise((resolve) => stream.once('close', resolve));
  await sleep(0);

  expect(calls).toBe(150);
  expect(new Set(told.values())).toEqual(new Set(['ERR_STREAM_DESTROYED']));
});

test('a callback that throws does not prevent the callbacks of other lines', async () => {
  await using emulator = await startEmulator();
  const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
  const stream = open(emulator, { overflow: { maxLength: 20_000 } });
  const uncaught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  });
  let told = 0;
  for (let index = 0; index < 150; index++) {
    stream.write(line, () => {
      told++;
      if (index % 10 === 0) throw new Error('of a callback');
    });
  }

  remove();
  stream.end();
  await finished(stream);

  expect(told).toBe(150);
  expect(uncaught).toHaveLength(15);
});

test('a relative fallback path is resolved when the log is created', () => {
  const options = { region: 'cn-hangzhou', bucket: 'logs', key: 'app.log' };

  const { fallback } = resolveLogOptions({ ...options, fallback: 'rest' }, 'test');

  expect(fallback).toBe(join(process.cwd(), 'rest'));
});

test('a callback that is not a function is ignored, as in Node', async () => {
  await using emulator = await startEmulator();
  const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
  const stream = open(emulator, { overflow: { maxLength: 4000 } });

  for (let index = 0; index < 100; index++) {
    stream.write(line, 'utf8', null as unknown as () => void);
  }
  remove();
  stream.end();
  await finished(stream);

  expect(stream.stats.linesDropped).toBeGreaterThan(0);
});

test.each(policies)('with %s maxLength counts bytes, not characters', async (policy) => {
  await using emulator = await startEmulator();
  const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
  const overflow = { maxLength: 300_000, policy, marker: false } as const;
  const stream = open(emulator, { overflow, chunkSize: 65_536 });

  for (let index = 0; index < 5000; index++) stream.write(`${'漢'.repeat(99)}\n`);
  remove();
  stream.end();
  await finished(stream);

  expect(stream.bytesWritten).toBeLessThanOrEqual(300_000);
});

test('each line is decoded with its own encoding, and the marker with UTF-8', async () => {
  await using emulator = await startEmulator();
  const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
  const overflow = { maxLength: 4000, policy: 'drop-newest', marker: 'gap: {lines}' } as const;
  const stream = open(emulator, { overflow, defaultEncoding: 'hex' });
  stream.write('grüß\n', 'utf8');
  stream.write('6865780a');
  stream.setDefaultEncoding('base64');
  stream.write('YmFzZQo=');
  stream.write(`${'x'.repeat(5000)}\n`, 'utf8');

  stream.end();
  remove();
  await finished(stream);

  expect(await read(emulator)).toBe('grüß\nhex\nbase\ngap: 1 line\n');
});
