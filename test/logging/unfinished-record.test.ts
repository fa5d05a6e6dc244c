import { expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { connectionTo } from '../helpers/open-stream.js';
import { runProgram } from '../helpers/run-program.js';

test.each(['write', 'append'])(
  'a program that comes to its end commits an unfinished record passed to %s()',
  async (method) => {
    await using emulator = await startEmulator();
    const options = { ...connectionTo(emulator), key: 'log', recordDelimiter: '\n' };

    await runProgram(`
      import openLog from 'oss-append-stream/pino';
      const log = await openLog(${JSON.stringify({ ...options, flushInterval: 10 })});
      log.${method}('one\\nno newline');
    `);

    expect(String(await emulator.read('examplebucket', 'log'))).toBe('one\nno newline');
  },
);
