import { setTimeout as wait } from 'node:timers/promises';
import { memfs } from 'memfs';
import { describe, expect, test, vi } from 'vitest';
import { loadCrc64 } from '../../../src/crc64.js';
import {
  type Emulator,
  type Fault,
  faultKinds,
  startEmulator,
} from '../../../src/emulator/index.js';
import { headText, openRawConnection } from '../raw-connection.js';
import { append, element, pathOf, type Response, send, signedHeaders } from '../signed-request.js';

const crc64 = await loadCrc64();
const died = 'died';

/** Milliseconds in which a busy machine does what must come before the late append. */
const late = 1000;

/** Starts an emulator with `base` in `a.log`, and adds a fault for the next append to it. */
async function startWith(fault: Omit<Fault, 'operation' | 'key'>): Promise<Emulator> {
  const emulator = await startEmulator();
  await append(emulator, 'a.log', 0, 'base');
  emulator.requests.length = 0;
  emulator.faults.add({ operation: 'append', key: 'a.log', nth: 1, ...fault });
  return emulator;
}

/** Returns what the client gets: an answer, or a closed connection. */
async function seen(response: Promise<Response>): Promise<Response | 'died'> {
  try {
    return await response;
  } catch {
    return died;
  }
}

async function statusSeen(response: Promise<Response>): Promise<number | 'died'> {
  const outcome = await seen(response);
  return outcome === died ? died : outcome.status;
}

const content = async (emulator: Emulator) => String(await emulator.read('examplebucket', 'a.log'));

const inverted = (text: string) => String(Buffer.from(text).map((byte) => byte ^ 0xff));

const outcomes = [
  { kind: 'drop-request', status: died, holds: 'base', logged: 0 },
  { kind: 'cut-request', status: died, holds: 'base', logged: 0 },
  { kind: 'drop-answer', status: died, holds: 'base+more', logged: 0 },
  { kind: 'cut-answer', status: died, holds: 'base+more', logged: 0 },
  { kind: 'delay', status: 200, holds: 'base+more', logged: 200 },
  { kind: 'stall', status: 200, holds: 'base+more', logged: 200 },
  { kind: 'error-500', status: 500, holds: 'base', logged: 500 },
  { kind: 'error-500-after', status: 500, holds: 'base+more', logged: 500 },
  { kind: 'error-502-after', status: 502, holds: 'base+more', logged: 502 },
  { kind: 'error-503', status: 503, holds: 'base', logged: 503 },
  { kind: 'early-conflict', status: 409, holds: 'base', logged: 409 },
  { kind: 'stranger', status: 409, holds: `base${inverted('+more')}`, logged: 409 },
  { kind: 'stranger-drop', status: died, holds: `base${inverted('+more')}`, logged: 0 },
  { kind: 'replace', status: 409, holds: 'repl', logged: 409 },
  { kind: 'seal', status: 409, holds: 'base', logged: 409 },
  { kind: 'retain', status: 409, holds: 'base', logged: 409 },
  { kind: 'forbid', status: 403, holds: 'base', logged: 403 },
  { kind: 'hide-crc', status: 200, holds: 'base+more', logged: 200 },
  { kind: 'wrong-crc', status: 200, holds: 'base+more', logged: 200 },
  { kind: 'skew', status: 403, holds: 'base', logged: 403 },
  { kind: 'expired-token', status: 403, holds: 'base', logged: 403 },
] as const;

describe('a fault on an append', () => {
  test('of every kind is tested here', () => {
    const elsewhere = ['delete', 'apply-late'];

    expect([...outcomes.map(({ kind }) => kind), ...elsewhere].sort()).toEqual(
      [...faultKinds].sort(),
    );
  });

  test.each(outcomes)(
    'of kind $kind answers $status and leaves the content "$holds"',
    async ({ kind, status, holds, logged }) => {
      await using emulator = await startWith({ kind, delay: 1 });

      expect(await statusSeen(append(emulator, 'a.log', 4, '+more'))).toBe(status);
      expect(await content(emulator)).toBe(holds);
      expect(emulator.requests).toMatchObject([
        { operation: 'append', key: 'a.log', position: 4, status: logged, fault: kind },
      ]);
    },
  );

  test('of kind delete answers with the length 0 and leaves no object', async () => {
    await using emulator = await startWith({ kind: 'delete' });

    const response = await append(emulator, 'a.log', 4, '+more');

    expect(response.headers['x-oss-next-append-position']).toBe('0');
    await expect(content(emulator)).rejects.toThrow('there is no such object');
  });

  test('of kind apply-late applies the append after its delay', async () => {
    await using emulator = await startWith({ kind: 'apply-late', delay: late });

    expect(await statusSeen(append(emulator, 'a.log', 4, '+more'))).toBe(died);
    expect(await content(emulator)).toBe('base');
    await expect.poll(() => content(emulator)).toBe('base+more');
    expect(emulator.requests).toMatchObject([{ status: 0, byteLength: 5, fault: 'apply-late' }]);
  });

  test('of kind apply-late discards the append if its position no longer fits', async () => {
    await using emulator = await startWith({ kind: 'apply-late', delay: late });

    await seen(append(emulator, 'a.log', 4, '+more'));
    await append(emulator, 'a.log', 4, '+other');
    await wait(late + 100); // No event marks that nothing happens: wait for a fixed time.

    expect(await content(emulator)).toBe('base+other');
  });

  test('of kind apply-late discards the append when the emulator closes', async () => {
    const emulator = await startWith({ kind: 'apply-late', delay: late });
    await seen(append(emulator, 'a.log', 4, '+more'));
    await emulator.close();
    await wait(late + 100);

    expect(await content(emulator)).toBe('base');
  });

  test('of kind apply-late delays close() while the append is being applied', async () => {
    const { fs } = memfs();
    await using emulator = await startEmulator({ fs, dir: '/data' });
    emulator.faults.add({ kind: 'apply-late', delay: 1 });
    let finish = () => {};
    const rename = vi.spyOn(fs.promises, 'rename').mockImplementationOnce(async (from, to) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await fs.promises.rename(from, to);
    });
    await seen(append(emulator, 'a.log', 0, 'late'));
    await expect.poll(() => rename.mock.calls.length).toBe(1);

    const order: string[] = [];
    const closing = emulator.close().then(() => order.push('closed'));
    await wait(20); // No event marks that nothing happens: wait for a fixed time.
    order.push('applied');
    finish();
    await closing;

    expect(order).toEqual(['applied', 'closed']);
    expect(await content(emulator)).toBe('late');
  });

  test('of kind delay applies the append even if the client has left', async () => {
    await using emulator = await startWith({ kind: 'delay', delay: 50 });
    const options = {
      method: 'POST',
      key: 'a.log',
      query: { append: '', position: '4' },
      headers: { host: 'localhost', 'content-length': '5', expect: '100-continue' },
    };
    const connection = await openRawConnection(emulator);
    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));
    await connection.until('100 Continue');
    await new Promise((resolve) => connection.socket.write('+more', resolve));
    connection.socket.destroy();

    await expect.poll(() => content(emulator)).toBe('base+more');
    await expect.poll(() => emulator.requests).toMatchObject([{ status: 0, fault: 'delay' }]);
  });

  test('of kind stall without a delay sends no answer until the emulator closes', async () => {
    const emulator = await startWith({ kind: 'stall' });
    const response = statusSeen(append(emulator, 'a.log', 4, '+more'));
    await expect.poll(() => emulator.requests).toMatchObject([{ status: 0, fault: 'stall' }]);
    expect(await content(emulator)).toBe('base+more');

    await emulator.close();

    expect(await response).toBe(died);
  });

  test('of kind cut-request does not read the whole body', async () => {
    await using emulator = await startWith({ kind: 'cut-request' });

    await seen(append(emulator, 'a.log', 4, Buffer.alloc(8 * 2 ** 20)));

    const { byteLength } = emulator.requests[0] ?? { byteLength: 0 };
    expect(byteLength).toBeGreaterThanOrEqual(4 * 2 ** 20);
    expect(byteLength).toBeLessThan(8 * 2 ** 20);
  });

  test('of kind cut-answer sends half of the head', async () => {
    await using emulator = await startWith({ kind: 'cut-answer' });
    await using connection = await openRawConnection(emulator);
    const options = {
      method: 'POST',
      key: 'a.log',
      query: { append: '', position: '4' },
      headers: { host: 'localhost', 'content-length': '1' },
    };
    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));
    connection.write('x');

    const received = await connection.untilClosed();

    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).not.toContain('\r\n\r\n');
  });

  test('of kind error-502-after answers without the headers of OSS', async () => {
    await using emulator = await startWith({ kind: 'error-502-after' });

    const { headers } = await append(emulator, 'a.log', 4, '+more');

    expect(headers['content-type']).toBe('text/html');
    expect(Object.keys(headers).filter((name) => name.startsWith('x-oss-'))).toEqual([]);
  });

  test.each(['error-500', 'error-500-after', 'error-503'] as const)(
    'of kind %s answers with the headers of OSS',
    async (kind) => {
      await using emulator = await startWith({ kind });

      const response = await append(emulator, 'a.log', 4, '+more');

      expect(response.headers['x-oss-request-id']).toMatch(/^[0-9A-F]{24}$/);
      expect(element(response, 'Code')).toBe(
        kind === 'error-503' ? 'ServiceUnavailable' : 'InternalError',
      );
    },
  );

  test('of kind early-conflict does not wait for the body', async () => {
    await using emulator = await startWith({ kind: 'early-conflict' });
    await using connection = await openRawConnection(emulator);
    const options = {
      method: 'POST',
      key: 'a.log',
      query: { append: '', position: '4' },
      headers: { host: 'localhost', 'content-length': '1000' },
    };
    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));

    const answer = await connection.until('</Error>');

    expect(answer).toContain('x-oss-next-append-position: 4\r\n');
    expect(answer.toLowerCase()).toContain('connection: close\r\n');
    expect(emulator.requests).toMatchObject([{ status: 409, byteLength: 0 }]);
  });

  test('of kind stranger updates the checksum with the bytes of the other writer', async () => {
    await using emulator = await startWith({ kind: 'stranger' });

    const refused = await append(emulator, 'a.log', 4, '+more');
    const head = await send(emulator, { method: 'HEAD', key: 'a.log' });

    expect(refused.headers['x-oss-next-append-position']).toBe('9');
    const whole = await emulator.read('examplebucket', 'a.log');
    expect(head.headers['x-oss-hash-crc64ecma']).toBe(String(crc64(whole)));
  });

  test('of kind stranger writes one byte for an empty append, and creates the object', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'stranger', nth: 1 });

    const response = await append(emulator, 'a.log', 0, '');

    expect(response.headers['x-oss-next-append-position']).toBe('1');
  });

  test('of kind hide-crc removes only the checksum from the answer', async () => {
    await using emulator = await startWith({ kind: 'hide-crc' });

    const { headers } = await append(emulator, 'a.log', 4, '+more');

    expect(headers).not.toHaveProperty('x-oss-hash-crc64ecma');
    expect(headers['x-oss-next-append-position']).toBe('9');
  });

  test('of kind wrong-crc changes the checksum of one answer only', async () => {
    await using emulator = await startWith({ kind: 'wrong-crc' });

    const lie = await append(emulator, 'a.log', 4, '+more');
    const truth = await append(emulator, 'a.log', 9, '');

    expect(lie.headers['x-oss-hash-crc64ecma']).not.toBe(truth.headers['x-oss-hash-crc64ecma']);
    expect(truth.headers['x-oss-hash-crc64ecma']).toBe(String(crc64(Buffer.from('base+more'))));
  });

  test('of kind skew moves the clock until the next skew or clear()', async () => {
    await using emulator = await startWith({ kind: 'skew' });
    const hour = 60 * 60 * 1000;
    const signedAt = () => new Date(Date.now() + hour);

    const refused = await append(emulator, 'a.log', 4, '+more');
    const serverTime = Date.parse(element(refused, 'ServerTime') ?? '');
    const adjusted = await append(emulator, 'a.log', 4, '+more', { signedAt: signedAt() });
    emulator.faults.clear();
    const stale = await append(emulator, 'a.log', 9, '!', { signedAt: signedAt() });
    const right = await append(emulator, 'a.log', 9, '!');

    expect(element(refused, 'Code')).toBe('RequestTimeTooSkewed');
    expect(Math.abs(serverTime - signedAt().getTime())).toBeLessThan(60_000);
    expect(Math.abs(Date.parse(refused.headers.date ?? '') - signedAt().getTime())).toBeLessThan(
      60_000,
    );
    expect([adjusted.status, stale.status, right.status]).toEqual([200, 403, 200]);
  });

  test('of kind skew puts the clock back when it fires again', async () => {
    await using emulator = await startWith({ kind: 'skew', times: 2 });

    const refused = await append(emulator, 'a.log', 4, '+more');
    const accepted = await append(emulator, 'a.log', 4, '+more');

    expect([refused.status, accepted.status]).toEqual([403, 200]);
  });

  test('of kind expired-token answers with SecurityTokenExpired', async () => {
    await using emulator = await startWith({ kind: 'expired-token' });

    const response = await append(emulator, 'a.log', 4, '+more');

    expect(element(response, 'Code')).toBe('SecurityTokenExpired');
    expect(response.headers['x-oss-ec']).toBe('0002-00000007');
  });
});

describe('a fault on another operation', () => {
  test.each([
    { kind: 'drop-request', status: died },
    { kind: 'drop-answer', status: died },
    { kind: 'cut-answer', status: died },
    { kind: 'apply-late', status: died },
    { kind: 'error-500', status: 500 },
    { kind: 'error-502-after', status: 502 },
    { kind: 'forbid', status: 403 },
    { kind: 'delete', status: 404 },
    { kind: 'stranger', status: 200 },
    { kind: 'hide-crc', status: 200 },
  ] as const)('of kind $kind answers a HEAD with $status', async ({ kind, status }) => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, 'base');
    emulator.faults.add({ kind, operation: 'head' });

    expect(await statusSeen(send(emulator, { method: 'HEAD', key: 'a.log' }))).toBe(status);
  });

  test('of kind cut-answer sends half of the body of a GET', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, '0123456789');
    emulator.faults.add({ kind: 'cut-answer', operation: 'get' });
    await using connection = await openRawConnection(emulator);
    const options = { key: 'a.log', headers: { host: 'localhost' } };
    connection.write(headText('GET', pathOf(options), signedHeaders(emulator, options)));

    expect(await connection.untilClosed()).toMatch(/\r\n\r\n01234$/);
  });

  test('of kind replace leaves a Normal object of the same length', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a.log', 0, Buffer.alloc(100_000));
    const before = await send(emulator, { method: 'HEAD', key: 'a.log' });
    emulator.faults.add({ kind: 'replace', operation: 'head', nth: 1 });

    const { headers } = await send(emulator, { method: 'HEAD', key: 'a.log' });

    expect(headers['x-oss-object-type']).toBe('Normal');
    expect(headers['content-length']).toBe('100000');
    expect(headers['x-oss-hash-crc64ecma']).not.toBe(before.headers['x-oss-hash-crc64ecma']);
    const whole = await emulator.read('examplebucket', 'a.log');
    expect(headers['x-oss-hash-crc64ecma']).toBe(String(crc64(whole)));
  });

  test('does not fire on unknown operations', async () => {
    await using emulator = await startEmulator({ faults: [{ kind: 'drop-answer' }] });

    expect((await send(emulator, { method: 'PATCH', key: 'a' })).status).toBe(400);
  });
});
