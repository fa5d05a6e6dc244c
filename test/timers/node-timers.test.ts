import { readdirSync, readFileSync } from 'node:fs';
import { finished, pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable } from '../../src/index.js';
import { connectionTo } from '../helpers/open-stream.js';

test('a stream works, including its retries, while the global timers are faked', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 1 });
  emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });
  emulator.faults.add({ kind: 'error-503', operation: 'append', nth: 4 });
  await pipeline(['before'], new AppendWritable({ ...connectionTo(emulator), key: 'b.log' }));
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const retry = { retries: 3, minTimeout: 5 };
  const options = { ...connectionTo(emulator), retry, chunkSize: 4, flushInterval: 10 };
  const stream = new AppendWritable({ ...options, key: 'a.log' });

  await new Promise((resolve) => stream.write('aa', resolve));
  stream.end('bbbbcc');
  await finished(stream);

  expect(String(await emulator.read('examplebucket', 'a.log'))).toBe('aabbbbcc');
});

test('only node-timers.ts uses the global timers, turns and clocks', () => {
  const root = fileURLToPath(new URL('../../src/', import.meta.url));
  const names = readdirSync(root, { recursive: true }).map(String);
  const files = names.filter((name) =>
    /^(?!cli|emulator|timers\/node-timers)[^.]*\.ts$/.test(name),
  );
  const global =
    /(?<![\w.#`])(?:set|clear)(?:Timeout|Immediate)\(|process\.nextTick|(?<![.#])queueMicrotask\(|performance\.now\(|Date\.now\(/;

  expect(files.length).toBeGreaterThan(80);
  expect(files.filter((name) => global.test(readFileSync(`${root}${name}`, 'utf8')))).toEqual([]);
});
