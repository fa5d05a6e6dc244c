import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { openRawConnection } from '../emulator/raw-connection.js';
import { append } from '../emulator/signed-request.js';
import { readAnswers } from './emulator-answers.js';
import { type HostileRequest, requestText } from './emulator-client.js';
import { startGuarded, type Way, ways } from './emulator-guard.js';
import { connectClients } from './emulator-stops.js';
import { oddities, strangers } from './emulator-strangers.js';

const mebibyte = 2 ** 20;
const way: Way = { way: 'a folder', storage: 'folder', checksSignatures: false };

/** Milliseconds, less than any of the emulator's own timers; closing takes far less. */
const maxClosing = 2000;

function assertRefusals(received: string): void {
  const { answers, rest } = readAnswers(received, { hasEnded: true });
  expect(rest).toBe('');
  for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400);
}

describe.each(ways)('with $way', (way) => {
  test.each(strangers)(
    'the emulator refuses or ignores %s, and closes the connection',
    async (_, bytes) => {
      await using guarded = await startGuarded(way);
      await using connection = await openRawConnection(guarded.emulator);

      connection.write(Buffer.from(bytes, 'latin1'));

      assertRefusals(await connection.untilClosed());
      await guarded.assertUnharmed();
    },
  );

  test.each(oddities)('the emulator refuses %s', async (_, bytes) => {
    await using guarded = await startGuarded(way);
    await using connection = await openRawConnection(guarded.emulator);

    connection.write(Buffer.from(bytes, 'latin1'));

    await connection.untilEnough((received) => hasAnswer(received));
    connection.socket.end();
    assertRefusals(await connection.untilClosed());
    await guarded.assertUnharmed();
  });
});

function hasAnswer(received: string): boolean {
  return readAnswers(received, { hasEnded: false }).answers.length > 0;
}

describe('pipelined requests', () => {
  test('are served in order: each one sees the effects of those before it', async () => {
    await using emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);
    const write = (position: number, body: string): HostileRequest => ({
      method: 'POST',
      key: 'a',
      query: { append: '', position: String(position) },
      body,
    });
    const requests: HostileRequest[] = [
      write(0, 'one '),
      write(4, 'two '),
      { key: 'a' },
      { method: 'DELETE', key: 'a' },
      { method: 'HEAD', key: 'a' },
      write(0, 'three'),
      { key: 'a' },
    ];
    const methods = requests.map(({ method = 'GET' }) => method);
    const read = (received: string) => readAnswers(received, { methods, hasEnded: false }).answers;

    connection.write(requests.map((options) => requestText(emulator, options)).join(''));
    const received = await connection.untilEnough((text) => read(text).length === requests.length);

    expect(read(received).map(({ status, body }) => [status, body])).toEqual([
      [200, ''],
      [200, ''],
      [200, 'one two '],
      [204, ''],
      [404, ''],
      [200, ''],
      [200, 'three'],
    ]);
  });

  test('hold no more memory than one request if the client does not read the answers', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'big', 0, Buffer.alloc(8 * mebibyte));
    await using connection = await openRawConnection(emulator);
    const text = requestText(emulator, { key: 'big' });
    const before = process.memoryUsage().arrayBuffers;

    connection.write(text.repeat(200));
    await connection.until('\r\n\r\n');
    connection.socket.pause();

    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * mebibyte);
    expect((await append(emulator, 'other', 0, 'x')).status).toBe(200);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * mebibyte);
  });

  test.each([
    { scenario: 'served', first: (emulator: Emulator) => requestText(emulator, { key: 'big' }) },
    { scenario: 'refused by Node.js', first: () => 'GET / HTTP/1.1\r\n\r\n' },
  ])(
    'do not prevent the emulator from closing after a first one that is $scenario',
    async ({ first }) => {
      const emulator = await startEmulator();
      await append(emulator, 'big', 0, Buffer.alloc(8 * mebibyte));
      const connection = await openRawConnection(emulator);
      connection.socket.once('data', () => connection.socket.pause());

      connection.write(first(emulator) + requestText(emulator, { key: 'big' }).repeat(3));
      await connection.until('\r\n\r\n');
      expect((await append(emulator, 'other', 0, 'x')).status).toBe(200);
      await connection[Symbol.asyncDispose]();

      await emulator.close();
    },
  );
});

describe('hundreds of clients that stop at any point', () => {
  test('disturb no other client, take little memory, and are disconnected when the emulator closes', async () => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;
    await append(emulator, 'big', 0, Buffer.alloc(8 * mebibyte));
    const before = process.memoryUsage.rss();

    const sockets = await connectClients(emulator, [48, 10]);

    await guarded.assertUnharmed();
    expect(process.memoryUsage.rss() - before).toBeLessThan(192 * mebibyte);
    const startedAt = performance.now();
    await emulator.close();
    expect(performance.now() - startedAt).toBeLessThan(maxClosing);
    await Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
  });

  test('do not delay close() after they have disconnected', async () => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;
    await append(emulator, 'big', 0, Buffer.alloc(8 * mebibyte));
    const sockets = await connectClients(emulator, [20, 10]);
    await guarded.assertUnharmed();

    for (const socket of sockets) socket.destroy();

    await guarded.assertUnharmed();
    const startedAt = performance.now();
    await emulator.close();
    expect(performance.now() - startedAt).toBeLessThan(maxClosing);
  });
});

test('clients that faults delay do not delay close()', async () => {
  const emulator = await startEmulator({ credentials: null });
  const kinds = ['stall', 'delay', 'apply-late'] as const;
  for (const key of kinds) emulator.faults.add({ kind: key, key, delay: 60_000 });
  emulator.faults.add({ kind: 'stall', key: 'for ever' });
  const clients = [...kinds, 'for ever'].map((key) =>
    append(emulator, key, 0, 'x').then(
      () => 'answered',
      () => 'hung up on',
    ),
  );
  await clients[2]; // 'apply-late' ends its own connection.
  expect((await append(emulator, 'other', 0, 'x')).status).toBe(200);

  const startedAt = performance.now();
  await emulator.close();
  expect(performance.now() - startedAt).toBeLessThan(maxClosing);
  expect(await Promise.all(clients)).toEqual(Array(4).fill('hung up on'));
});
