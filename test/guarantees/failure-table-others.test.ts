import { describe, expect, test, vi } from 'vitest';
import type { AppendWritableOptions, CredentialsProvider } from '../../src/index.js';
import {
  chunkAt,
  chunks,
  contentBefore,
  deliver,
  delivered,
  finish,
  gaveUp,
  key,
  last,
  middle,
  oldObject,
  openThrough,
  setStage,
} from '../helpers/delivery.js';
import {
  afterwards,
  type Ending,
  type HttpAnswer,
  instead,
  refusal,
} from '../helpers/http-proxy.js';
import { everyTime, places, withoutRequestId } from './failure-table-setup.js';

describe('a HEAD at opening without a usable answer', () => {
  const rows: { scenario: string; ending: Ending; options?: Partial<AppendWritableOptions> }[] = [
    ...[408, 429, 500, 502, 503, 504].map((status) => ({
      scenario: `${status}`,
      ending: refusal(status, 'Whatever'),
    })),
    ...[200, 302, 403, 404, 500].map((status) => ({
      scenario: `${status} without a request id`,
      ending: { status },
    })),
    { scenario: '404 NoSuchKey without a request id', ending: withoutRequestId(refusal(404, '')) },
    {
      scenario: '200 with a garbled next position',
      ending: { ...refusal(200, ''), headers: { 'x-oss-next-append-position': 'four' }, body: '' },
    },
    {
      scenario: '200 without any length',
      ending: { status: 200, headers: { 'x-oss-request-id': '5C3D9175B6FC2012' } },
    },
    { scenario: 'a reset', ending: 'reset' },
    { scenario: 'an end of file', ending: 'eof' },
    { scenario: 'an answer cut short', ending: 'cut' },
    { scenario: 'an answer that is not HTTP', ending: 'garbage' },
    { scenario: 'a timeout', ending: 'silence', options: { requestTimeout: 500 } },
  ];

  test.each(rows)('is sent again: $scenario', async ({ ending, options }) => {
    const stage = await setStage('old.');
    stage.proxy.intercept({ operation: 'head', nth: 1 }, instead(ending));

    expect(await deliver(stage, options)).toEqual(delivered({ base: 'old.', retries: 1 }));
  });

  test.each(rows)('exhausts the retries: $scenario every time', async ({ ending, options }) => {
    const stage = await setStage('old.');
    stage.proxy.intercept({ operation: 'head', nth: 1, ...everyTime }, instead(ending));
    const delivery = await deliver(stage, { ...options, retry: { retries: 1, minTimeout: 0 } });

    expect(delivery).toMatchObject({
      error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', key, position: undefined, attempts: 2 },
      object: 'old.',
      position: undefined,
      bytesWritten: 0,
      retries: 1,
      attempts: 0,
      uncommitted: { position: undefined, bytes: chunks.join(''), confirmed: true },
    });
  });
});

describe('a wrong checksum in an answer', () => {
  test.each(places)('ends the stream after OSS accepted $place', async (place) => {
    const stage = await setStage(place.base);
    stage.emulator.faults.add({ kind: 'wrong-crc', operation: 'append', nth: place.nth });
    const delivery = await deliver(stage);

    const { error } = delivery;
    expect(delivery).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_CHECKSUM', key, expected: expect.any(BigInt) },
        confirmed: false,
        object: contentBefore(place) + chunkAt(place),
      }),
    );
    const { expected, actual } = error as { expected: bigint; actual: bigint };
    expect(actual).toBe(expected ^ 1n);
  });

  test("is ignored with verify: 'none'", async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'wrong-crc', operation: 'append', nth: 2 });

    expect(await deliver(stage, { verify: 'none' })).toEqual(delivered());
  });
});

describe('the limit of 5 GiB', () => {
  const limit = 5 * 2 ** 30;

  /** The answer to a HEAD of an object with room for `room` bytes. */
  const nearlyFull = (room: number): HttpAnswer => ({
    status: 200,
    headers: {
      'x-oss-request-id': '5C3D9175B6FC201293AD4890',
      'x-oss-object-type': 'Appendable',
      'x-oss-next-append-position': String(limit - room),
      'x-oss-hash-crc64ecma': '7',
    },
  });

  test.each([
    { scenario: 'the first chunk', room: 3, sent: 0, bytes: 'aaaabbbbcc' },
    { scenario: 'the first chunk with no room at all', room: 0, sent: 0, bytes: 'aaaabbbbcc' },
    { scenario: 'a middle chunk', room: 7, sent: 4, bytes: 'bbbbcc' },
    { scenario: 'the last chunk by one byte', room: 9, sent: 8, bytes: 'cc' },
  ])('stops $scenario before it is sent', async ({ room, sent, bytes }) => {
    const stage = await setStage();
    stage.proxy.intercept({ operation: 'head', nth: 1 }, instead(nearlyFull(room)));
    stage.proxy.intercept({ operation: 'append', nth: 1, ...everyTime }, async (exchange) => {
      const body = await exchange.readBody();
      const next = String((exchange.position ?? 0) + body.byteLength);
      const { headers } = nearlyFull(0);
      return {
        status: 200,
        headers: {
          ...headers,
          'x-oss-next-append-position': next,
          'x-oss-hash-crc64ecma': undefined,
        },
      };
    });
    const delivery = await deliver(stage);

    const position = limit - room + sent;
    expect(delivery).toMatchObject({
      error: { code: 'APPEND_ERR_OBJECT_FULL', key, limit },
      bytesWritten: sent,
      position,
      retries: 0,
      reconciles: [],
      attempts: sent / 4,
      uncommitted: { key, position, bytes, confirmed: true },
    });
    expect(stage.proxy.requests.filter(({ operation }) => operation === 'append')).toHaveLength(
      sent / 4,
    );
  });

  test('allows the chunk that fills the object exactly', async () => {
    const stage = await setStage();
    stage.proxy.intercept({ operation: 'head', nth: 1 }, instead(nearlyFull(4)));
    stage.proxy.intercept({ operation: 'append', nth: 1 }, instead({ ...nearlyFull(0) }));

    expect(await deliver(stage, { verify: 'none' }, ['aaaa'])).toMatchObject({
      error: undefined,
      bytesWritten: 4,
      position: limit,
      attempts: 1,
    });
  });
});

describe('a 409 in the middle of a large body', () => {
  const large = 'x'.repeat(8 * 2 ** 20);
  const sizes = { chunkSize: large.length, highWaterMark: 4 * large.length };
  const conflict = refusal(409, 'PositionNotEqualToLength', {
    headers: { 'x-oss-next-append-position': '7', connection: 'close' },
  });

  test.each([
    { scenario: 'on a connection that is closed', nth: 1 },
    { scenario: 'after a successful append', nth: 2 },
  ])('is reconciled and the chunk sent again, $scenario', async ({ nth }) => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'early-conflict', nth });
    const writes = nth === 1 ? [large] : [large, large];
    const delivery = await deliver(stage, { ...sizes, endpoint: stage.emulator.endpoint }, writes);

    // The reset may overtake the refusal: then the stream sees a lost answer.
    expect(delivery).toMatchObject({ error: undefined, retries: 1, attempts: nth + 1 });
    expect(new Set(delivery.reconciles)).toEqual(new Set(['not-committed']));
    expect(delivery.object === writes.join('')).toBe(true);
  });

  test('is reconciled when the connection is reset while the body is sent', async () => {
    const stage = await setStage();
    stage.proxy.intercept({ operation: 'append', nth: 1 }, async ({ reply }): Promise<Ending> => {
      await reply(conflict);
      return 'reset';
    });
    const delivery = await deliver(stage, sizes, [large]);

    expect(delivery).toMatchObject({ error: undefined, retries: 1, attempts: 2 });
    expect(new Set(delivery.reconciles)).toEqual(new Set(['not-committed']));
    expect(delivery.object === large).toBe(true);
  });

  test('never counts as a success when it comes every time', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'early-conflict' });
    const delivery = await deliver(stage, { ...sizes, endpoint: stage.emulator.endpoint }, [large]);

    expect(['APPEND_ERR_RETRIES_EXHAUSTED', 'APPEND_ERR_UNCONFIRMED']).toContain(
      Reflect.get(Object(delivery.error), 'code'),
    );
    expect(delivery).toMatchObject({ object: undefined, bytesWritten: 0, retries: 2, attempts: 3 });
    expect(delivery.uncommitted?.confirmed).toBe(
      Reflect.get(Object(delivery.error), 'code') === 'APPEND_ERR_RETRIES_EXHAUSTED',
    );
  });
});

describe('a refusal before any processing', () => {
  const operations = [
    { scenario: 'at opening', operation: 'head' as const, nth: 1 },
    ...[oldObject, middle, last].map(({ place, nth }) => ({
      scenario: `at ${place}`,
      operation: 'append' as const,
      nth,
    })),
  ];

  /** Temporary credentials, different ones on each call. */
  function temporary() {
    let count = 0;
    return vi.fn(() => ({
      accessKeyId: 'emulator',
      accessKeySecret: 'emulator',
      securityToken: `token-${++count}`,
      expiration: Date.now() + 3_600_000,
    }));
  }

  test.each(operations)(
    'is overcome by a corrected clock, $scenario',
    async ({ operation, nth }) => {
      const stage = await setStage('old.');
      stage.emulator.faults.add({ kind: 'skew', operation, nth });

      expect(await deliver(stage)).toEqual(delivered({ base: 'old.' }));
      const refused = stage.emulator.requests.filter(({ status }) => status === 403);
      expect(refused).toMatchObject([{ operation, fault: 'skew' }]);
    },
  );

  test('is overcome each time the clock moves', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'skew', operation: 'append', nth: 1 });
    stage.emulator.faults.add({ kind: 'skew', operation: 'append', nth: 4 });

    expect(await deliver(stage)).toEqual(delivered());
    expect(stage.emulator.requests.filter(({ status }) => status === 403)).toHaveLength(2);
  });

  test.each(operations)(
    'is overcome by new credentials when the token had expired, $scenario',
    async ({ operation, nth }) => {
      const stage = await setStage('old.');
      stage.emulator.faults.add({ kind: 'expired-token', operation, nth });
      const credentials = temporary();

      expect(await deliver(stage, { credentials })).toEqual(delivered({ base: 'old.' }));
      expect(credentials).toHaveBeenCalledTimes(2);
      const tokens = stage.proxy.requests.map(({ headers }) => headers['x-oss-security-token']);
      expect(new Set(tokens)).toEqual(new Set(['token-1', 'token-2']));
    },
  );

  test.each(places)('ends the stream when the token stays the same, at $place', async (place) => {
    const stage = await setStage(place.base);
    stage.emulator.faults.add({ kind: 'expired-token', operation: 'append', nth: place.nth });
    const credentials = () => ({ accessKeyId: 'emulator', accessKeySecret: 'emulator' });

    expect(await deliver(stage, { credentials })).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_SERVICE', status: 403, ossCode: 'SecurityTokenExpired' },
        confirmed: true,
      }),
    );
  });

  test.each(places)('ends the stream when new tokens are refused too, at $place', async (place) => {
    const stage = await setStage(place.base);
    const { nth } = place;
    stage.emulator.faults.add({ kind: 'expired-token', operation: 'append', nth, times: 2 });
    const credentials = temporary();

    expect(await deliver(stage, { credentials })).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_SERVICE', status: 403, ossCode: 'SecurityTokenExpired' },
        confirmed: true,
      }),
    );
    expect(credentials).toHaveBeenCalledTimes(2);
  });
});

describe('a function that provides credentials', () => {
  const accessKey = { accessKeyId: 'emulator', accessKeySecret: 'emulator' };
  const broken: { scenario: string; fail: () => unknown; cause?: object; message: RegExp }[] = [
    {
      scenario: 'throws',
      fail: () => {
        throw new Error('no metadata service');
      },
      cause: { message: 'no metadata service' },
      message: /the provider failed/,
    },
    {
      scenario: 'rejects',
      fail: () => Promise.reject(new Error('no metadata service')),
      cause: { message: 'no metadata service' },
      message: /the provider failed/,
    },
    { scenario: 'returns nothing', fail: () => undefined, message: /its type is undefined/ },
    { scenario: 'returns a string', fail: () => 'secret', message: /its type is string/ },
    {
      scenario: 'resolves with half a key',
      fail: async () => ({ accessKeyId: 'emulator' }),
      message: /'accessKeySecret'/,
    },
    {
      scenario: 'returns an unreadable expiration',
      fail: () => ({ ...accessKey, expiration: 'soon' }),
      message: /'expiration'/,
    },
  ];

  /** A provider that succeeds `count` times and then calls `fail`. */
  function provider(count: number, fail: () => unknown, recoverAfter = Number.POSITIVE_INFINITY) {
    let calls = 0;
    return vi.fn(() => {
      calls++;
      return calls <= count || calls > count + recoverAfter ? accessKey : fail();
    }) as unknown as CredentialsProvider;
  }

  test.each(broken)(
    'ends the stream at once when it $scenario the first time',
    async ({ fail, cause, message }) => {
      const stage = await setStage();
      const delivery = await deliver(stage, { credentials: provider(0, fail) });

      expect(delivery).toMatchObject({
        error: {
          code: 'APPEND_ERR_CREDENTIALS',
          message: expect.stringMatching(message),
          ...(cause && { cause }),
        },
        object: undefined,
        bytesWritten: 0,
        position: undefined,
        retries: 0,
        attempts: 0,
        uncommitted: { position: undefined, bytes: chunks.join(''), confirmed: true },
      });
      expect(stage.proxy.requests).toEqual([]);
    },
  );

  const failing = broken.slice(0, 2);
  // Opening calls the provider once, and so does each chunk.
  describe.each(places)('at $place', (place) => {
    test.each(failing)(
      'exhausts the retries when it worked before and then $scenario',
      async ({ fail }) => {
        const stage = await setStage(place.base);
        const delivery = await deliver(stage, { credentials: provider(place.nth, fail) });

        const position = contentBefore(place).length;
        expect(delivery).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_RETRIES_EXHAUSTED',
              key,
              position,
              attempts: 3,
              cause: { code: 'APPEND_ERR_CREDENTIALS' },
            },
            confirmed: true,
            retries: 2,
            attempts: 3,
          }),
        );
      },
    );

    test.each(failing)('is called again when it $scenario once', async ({ fail }) => {
      const stage = await setStage(place.base);
      const delivery = await deliver(stage, { credentials: provider(place.nth, fail, 1) });

      expect(delivery).toEqual(delivered({ base: place.base, retries: 1, attempts: 4 }));
    });

    test('ends the stream at once when it worked before and then returns nonsense', async () => {
      const stage = await setStage(place.base);
      const delivery = await deliver(stage, { credentials: provider(place.nth, () => 'secret') });

      expect(delivery).toMatchObject(
        gaveUp(place, { error: { code: 'APPEND_ERR_CREDENTIALS' }, confirmed: true }),
      );
    });
  });

  test('is called again when it hangs once', async () => {
    const stage = await setStage();
    const delivery = await deliver(stage, {
      credentials: provider(2, () => new Promise(() => {}), 1),
      requestTimeout: 500,
    });

    expect(delivery).toEqual(delivered({ retries: 1, attempts: 4 }));
  });

  test('ends the stream with nothing stored when it hangs', async () => {
    const stage = await setStage();
    const credentials = () => new Promise<never>(() => {});
    const delivery = await deliver(stage, { credentials, requestTimeout: 500 });

    expect(delivery).toMatchObject({
      error: { code: 'APPEND_ERR_CREDENTIALS', message: expect.stringContaining('in time') },
      object: undefined,
      bytesWritten: 0,
      position: undefined,
      retries: 0,
      attempts: 0,
      uncommitted: { position: undefined, bytes: chunks.join(''), confirmed: true },
    });
    expect(stage.proxy.requests).toEqual([]);
  });

  test('leaves the chunk unconfirmed when it fails after a lost answer', async () => {
    const stage = await setStage();
    stage.proxy.intercept({ operation: 'append', nth: 2 }, afterwards('reset'));
    const { fail } = failing[0] as (typeof failing)[number];
    const stream = openThrough(stage, { credentials: provider(3, fail) });

    expect(await finish(stage, stream)).toMatchObject(
      gaveUp(middle, {
        error: { code: 'APPEND_ERR_UNCONFIRMED', cause: { code: 'APPEND_ERR_CREDENTIALS' } },
        confirmed: false,
        retries: 2,
        object: 'aaaabbbb',
      }),
    );
  });
});
