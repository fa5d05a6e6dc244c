import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../src/emulator/index.js';
import { openStream } from './helpers/open-stream.js';
import { runProgram } from './helpers/run-program.js';

/** Collects published messages until the end of the test. */
function listen(...names: string[]): [name: string, message: object][] {
  const messages: [string, object][] = [];
  for (const name of names) {
    const listener = (message: unknown) => messages.push([name, { ...(message as object) }]);
    subscribe(name, listener);
    onTestFinished(() => {
      unsubscribe(name, listener);
    });
  }
  return messages;
}

test('the channels publish every attempt, retry and reconcile, without credentials or data', async () => {
  const secret = 'do-not-show-me';
  const credentials = { accessKeyId: 'key-id', accessKeySecret: secret, securityToken: secret };
  await using emulator = await startEmulator({ credentials });
  emulator.faults.add({ kind: 'error-500', operation: 'append', nth: 1 });
  const messages = listen(
    'tracing:oss-append-stream:append:start',
    'tracing:oss-append-stream:append:asyncEnd',
    'tracing:oss-append-stream:append:error',
    'oss-append-stream:retry',
    'oss-append-stream:reconcile',
  );

  await pipeline(['payload'], openStream(emulator, 'a.log'));

  const trace = { key: 'a.log', position: 0, byteLength: 7 };
  const failure = { error: expect.objectContaining({ status: 500 }) };
  const receipt = { result: expect.objectContaining({ nextPosition: 7 }) };
  expect(messages).toEqual([
    ['tracing:oss-append-stream:append:start', { ...trace, attemptNumber: 1 }],
    ['tracing:oss-append-stream:append:error', { ...trace, attemptNumber: 1, ...failure }],
    ['tracing:oss-append-stream:append:asyncEnd', { ...trace, attemptNumber: 1, ...failure }],
    ['oss-append-stream:retry', expect.objectContaining({ key: 'a.log', attemptNumber: 1 })],
    ['oss-append-stream:reconcile', { key: 'a.log', outcome: 'not-committed', position: 0 }],
    ['tracing:oss-append-stream:append:start', { ...trace, attemptNumber: 2 }],
    ['tracing:oss-append-stream:append:asyncEnd', { ...trace, attemptNumber: 2, ...receipt }],
  ]);
  const shown = inspect(messages, { depth: 20, showHidden: true });
  expect(shown).not.toContain(secret);
  expect(shown).not.toMatch(/payload|Signature=|Authorization/i);
});

test('NODE_DEBUG=oss-append-stream logs the steps of a stream to stderr', async () => {
  await using emulator = await startEmulator();
  const { endpoint, region, credentials } = emulator;
  const connection = { endpoint, region, credentials, bucket: 'examplebucket' };

  const { stderr } = await runProgram(
    `
      import { AppendWritable } from 'oss-append-stream';
      new AppendWritable({ ...${JSON.stringify(connection)}, key: 'a.log' }).end('aaaa');
    `,
    { NODE_DEBUG: 'oss-append-stream' },
  );

  expect(stderr).toMatch(/a\.log: opened at position 0\n.*a\.log: 4 bytes committed at position 0/);
});
