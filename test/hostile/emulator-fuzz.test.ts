import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { headText, openRawConnection } from '../emulator/raw-connection.js';
import { append } from '../emulator/signed-request.js';
import { errorCodeOf, readAnswers } from './emulator-answers.js';
import { startGuarded, ways } from './emulator-guard.js';
import { textKinds, textsFor } from './emulator-inputs.js';

/** For a longer run: `FUZZ_RUNS=10000 npx vitest run test/hostile/emulator-fuzz.test.ts`. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 60);

/** Milliseconds in which the emulator must have processed a request. */
const timeout = 5000;

/** Sends `text`, waits until the emulator has processed it, and disconnects. */
async function answersTo(emulator: Emulator, text: string) {
  await using connection = await openRawConnection(emulator);
  await using other = await openRawConnection(emulator);
  connection.write(Buffer.from(text, 'latin1'));
  for (let count = 1; count <= 2; count++) {
    other.write(headText('HEAD', '/examplebucket/nothing', { host: 'localhost' }));
    await other.untilEnough((received) => received.split('\r\n\r\n').length > count);
  }
  connection.socket.end();
  const received = await connection.untilClosed();
  const methods = text.startsWith('HEAD ') ? ['HEAD'] : [];
  return readAnswers(received, { methods, hasEnded: true }).answers;
}

/** Every answer must be HTTP, not an internal error, and a refusal must have an error document. */
async function assertProper(emulator: Emulator, text: string): Promise<void> {
  for (const answer of await answersTo(emulator, text)) {
    expect(answer.status).not.toBe(500);
    if (answer.status >= 400 && answer.headers.has('x-oss-request-id')) errorCodeOf(answer);
  }
}

// Vitest also fails the run for uncaught errors. A failure prints its seed.
describe.each(ways)('with $way', (way) => {
  test.each(textKinds)('%s are answered with valid HTTP or disconnected', async (kind) => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;
    await append(emulator, 'a', 0, 'bytes');
    const texts = textsFor(emulator)[kind];
    const property = fc.asyncProperty(texts, (text) => assertProper(emulator, text));

    await fc.assert(property, { numRuns, timeout });
    await guarded.assertUnharmed();
  });
});
