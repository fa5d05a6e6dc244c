import { expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { connectionTo } from '../helpers/open-stream.js';
import { runProgram } from '../helpers/run-program.js';

test.each([
  ['write', {}],
  ['append', {}],
  ['append', { conflict: 'fail' }],
] as const)(
  'a program that comes to its end commits an unfinished record passed to %s(), with %j',
  async (method, given) => {
    await using emulator = await startEmulator();
    const options = { ...connectionTo(emulator), key: 'log', ...given };

    await runProgram(`
      import openLog from 'oss-append-stream/pino';
      const log = await openLog(${JSON.stringify({ ...options, flushInterval: 10 })});
      log.${method}('one\\nno newline');
    `);

    expect(String(await emulator.read('examplebucket', 'log'))).toBe('one\nno newline');
  },
);

test('a program that waits for a flush() of an unfinished record comes to its end', async () => {
  await using emulator = await startEmulator();
  const options = { ...connectionTo(emulator), key: 'log' };

  const { stdout } = await runProgram(`
    import openLog from 'oss-append-stream/pino';
    const log = await openLog(${JSON.stringify(options)});
    log.write('one\\nno newline');
    await log.flush();
    console.log('flushed');
  `);

  expect(stdout).toBe('flushed\n');
  expect(String(await emulator.read('examplebucket', 'log'))).toBe('one\nno newline');
});
