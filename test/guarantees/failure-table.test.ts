import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AppendWritableOptions } from '../../src/index.js';
import { append } from '../emulator/signed-request.js';
import { closedPort } from '../helpers/closed-port.js';
import {
  chunkAt,
  chunks,
  contentBefore,
  deliver,
  delivered,
  gaveUp,
  key,
  middle,
  newObject,
  type Place,
  type Stage,
  setStage,
} from '../helpers/delivery.js';
import { type Detour, takeDetour } from '../helpers/detour.js';
import { afterwards, instead, refusal } from '../helpers/http-proxy.js';
import { deliverWith, everyTime, inTurn, places } from './failure-table-setup.js';

describe('a request that never left', () => {
  /** A server on loopback that treats each connection in its own way. */
  async function listen(onConnection: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      onConnection(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  interface Row {
    readonly scenario: string;
    readonly origin: (stage: Stage) => Promise<string>;
    readonly reason: RegExp;
    readonly options?: Partial<AppendWritableOptions>;
  }

  const rows: Row[] = [
    {
      scenario: 'a refused connection',
      origin: async () => `http://127.0.0.1:${await closedPort()}`,
      reason: /ECONNREFUSED/,
    },
    {
      scenario: 'a name that does not resolve',
      origin: async () => 'http://oss.invalid',
      reason: /ENOTFOUND|EAI_AGAIN/,
    },
    {
      scenario: 'a TLS handshake with a server that does not speak TLS',
      origin: async ({ emulator }) => emulator.endpoint.replace('http:', 'https:'),
      reason: /SSL|wrong version number/,
    },
    {
      scenario: 'a TLS handshake that never ends',
      origin: async () => `https://127.0.0.1:${await listen(() => {})}`,
      reason: /got no connection within/,
      options: { requestTimeout: 500 },
    },
  ];

  async function takingDetour(
    place: Place,
    { origin, options }: Row,
    detour: Pick<Detour, 'method' | 'times'>,
  ) {
    const stage = await setStage(place.base);
    const { method } = detour;
    const nth = method === 'HEAD' ? 1 : place.nth;
    const dispatcher = takeDetour({ ...detour, nth, origin: await origin(stage) });
    return deliver(stage, { ...options, dispatcher });
  }

  describe.each(places)('at $place', (place) => {
    test.each(rows)('is sent again after $scenario, without a HEAD', async (row) => {
      const delivery = await takingDetour(place, row, { method: 'POST', times: 1 });

      expect(delivery).toEqual(delivered({ base: place.base, retries: 1, attempts: 4 }));
    });
  });

  test.each(inTurn(rows))(
    'exhausts the retries, confirmed as not stored, with $scenario every time, at $place.place',
    async ({ place, ...row }) => {
      const delivery = await takingDetour(place, row, { method: 'POST', ...everyTime });

      const position = contentBefore(place).length;
      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: {
            code: 'APPEND_ERR_RETRIES_EXHAUSTED',
            key,
            position,
            attempts: 3,
            cause: { outcome: 'rejected' },
            message: expect.stringMatching(row.reason),
          },
          confirmed: true,
          retries: 2,
          attempts: 3,
        }),
      );
    },
  );

  describe('at opening', () => {
    test.each(rows)('is sent again after $scenario', async (row) => {
      const delivery = await takingDetour(newObject, row, { method: 'HEAD', times: 1 });

      expect(delivery).toEqual(delivered({ retries: 1 }));
    });

    test.each(rows)('exhausts the retries with $scenario every time', async (row) => {
      const delivery = await takingDetour(newObject, row, { method: 'HEAD', ...everyTime });

      expect(delivery).toMatchObject({
        error: {
          code: 'APPEND_ERR_RETRIES_EXHAUSTED',
          key,
          position: undefined,
          attempts: 3,
          message: expect.stringMatching(row.reason),
        },
        bytesWritten: 0,
        position: undefined,
        acknowledged: '',
        retries: 2,
        attempts: 0,
        uncommitted: { key, position: undefined, bytes: chunks.join(''), confirmed: true },
      });
    });

    test.each([
      { scenario: 'a name in .invalid', endpoint: 'http://oss.invalid' },
      { scenario: 'https on a server that speaks http', endpoint: undefined },
    ])('exhausts the retries when the endpoint itself is $scenario', async ({ endpoint }) => {
      const stage = await setStage();
      const https = stage.proxy.endpoint.replace('http:', 'https:');
      const delivery = await deliver(stage, { endpoint: endpoint ?? https, addressing: 'path' });

      expect(delivery).toMatchObject({
        error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', position: undefined, attempts: 3 },
        uncommitted: { position: undefined, confirmed: true },
      });
    });
  });

  test("is sent again after undici's connect timeout", async () => {
    const stage = await setStage();
    const dispatcher = takeDetour({
      method: 'POST',
      nth: 2,
      times: 1,
      connectTimeout: 300,
      origin: `https://127.0.0.1:${await listen(() => {})}`,
    });
    const delivery = await deliver(stage, { dispatcher });

    expect(delivery).toEqual(delivered({ retries: 1, attempts: 4 }));
  });

  test('is confirmed as not stored when the server hangs up during the TLS handshake', async () => {
    const stage = await setStage();
    const port = await listen((socket) => socket.once('data', () => socket.destroy()));
    const origin = `https://127.0.0.1:${port}`;
    const dispatcher = takeDetour({ method: 'POST', nth: 2, ...everyTime, origin });
    const delivery = await deliver(stage, { dispatcher });

    expect(delivery).toMatchObject(
      gaveUp(middle, {
        error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', position: 4, attempts: 3 },
        confirmed: true,
        retries: 2,
        attempts: 3,
      }),
    );
  });
});

describe('a body that reached OSS incomplete or damaged', () => {
  const rows = ['RequestTimeout', 'IncompleteBody', 'InvalidDigest', 'InvalidCRC64'].map(
    (scenario) => ({ scenario, answer: refusal(400, scenario) }),
  );

  describe.each(places)('at $place', (place) => {
    test.each(rows)('is sent again after 400 $scenario, without a HEAD', async (row) => {
      const delivery = await deliverWith(place, instead(row.answer));

      expect(delivery).toEqual(delivered({ base: place.base, retries: 1, attempts: 4 }));
    });

    test.each(rows)(
      'exhausts the retries, confirmed as not stored, with 400 $scenario every time',
      async ({ scenario, answer }) => {
        const delivery = await deliverWith(place, instead(answer), everyTime);

        const position = contentBefore(place).length;
        expect(delivery).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_RETRIES_EXHAUSTED',
              key,
              position,
              attempts: 3,
              cause: { status: 400, ossCode: scenario },
            },
            confirmed: true,
            retries: 2,
            attempts: 3,
          }),
        );
      },
    );
  });
});

describe('409 PositionNotEqualToLength', () => {
  const conflict = (length: number) =>
    refusal(409, 'PositionNotEqualToLength', {
      headers: { 'x-oss-next-append-position': String(length) },
    });

  describe.each(places)('at $place', (place) => {
    const { base } = place;
    const position = contentBefore(place).length;

    test('is reconciled as committed when a proxy sent the append twice', async () => {
      const delivery = await deliverWith(place, async ({ forward }) => {
        await forward();
        return forward();
      });

      expect(delivery).toEqual(delivered({ base, reconciles: ['committed'] }));
    });

    test('is reconciled as diverged when the object holds other bytes', async () => {
      const stage = await setStage(base);
      const strange = 'z'.repeat(chunkAt(place).length);
      stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ forward }) => {
        await append(stage.emulator, key, position, strange);
        return forward();
      });
      const delivery = await deliver(stage);

      const actualLength = position + strange.length;
      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength },
          confirmed: true,
          reconciles: ['diverged'],
          object: contentBefore(place) + strange,
        }),
      );
    });

    test('is followed by a resend when the object is unchanged', async () => {
      const delivery = await deliverWith(place, instead(conflict(99)));

      expect(delivery).toEqual(
        delivered({
          base,
          retries: 1,
          attempts: 4,
          reconciles: ['not-committed', 'not-committed'],
        }),
      );
    });

    test('ends as unconfirmed when the object contradicts it every time', async () => {
      const delivery = await deliverWith(place, instead(conflict(99)), everyTime);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', key, position },
          confirmed: false,
          retries: 2,
          attempts: 3,
          reconciles: Array(5).fill('not-committed'),
        }),
      );
    });

    test('is recognized by its next position when the document cannot be read', async () => {
      const delivery = await deliverWith(place, async ({ forward }) => {
        await forward();
        return { ...(await forward()), body: 'no XML' };
      });

      expect(delivery).toEqual(delivered({ base, reconciles: ['committed'] }));
    });
  });
});

describe('an answer of OSS that does not say whether the bytes were stored', () => {
  const rows = [
    { scenario: '408', answer: refusal(408, 'RequestTimeout') },
    { scenario: '429', answer: refusal(429, 'TooManyRequests') },
    { scenario: '500', answer: refusal(500, 'InternalError') },
    { scenario: '503', answer: refusal(503, 'ServiceUnavailable') },
    { scenario: '500 without a document', answer: { ...refusal(500, ''), body: '' } },
  ];

  describe.each(places)('at $place', (place) => {
    const { base } = place;
    const position = contentBefore(place).length;

    test.each(rows)('is reconciled after the backoff: $scenario, stored', async (row) => {
      const delivery = await deliverWith(place, afterwards(row.answer));

      expect(delivery).toEqual(delivered({ base, retries: 1, reconciles: ['committed'] }));
    });

    test.each(rows)(
      'is reconciled, then followed by a resend: $scenario, not stored',
      async (row) => {
        const delivery = await deliverWith(place, instead(row.answer));

        expect(delivery).toEqual(
          delivered({ base, retries: 1, attempts: 4, reconciles: ['not-committed'] }),
        );
      },
    );

    test.each(rows)(
      'is reconciled even when no attempt is left: $scenario, stored',
      async ({ answer }) => {
        const delivery = await deliverWith(place, afterwards(answer), { retry: { retries: 0 } });

        expect(delivery).toEqual(delivered({ base, reconciles: ['committed'] }));
      },
    );

    test.each(rows)(
      'exhausts the retries, confirmed as not stored: $scenario every time',
      async ({ answer }) => {
        const delivery = await deliverWith(place, instead(answer), everyTime);

        expect(delivery).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_RETRIES_EXHAUSTED',
              key,
              position,
              attempts: 3,
              cause: { status: answer.status },
            },
            confirmed: true,
            retries: 2,
            attempts: 3,
            reconciles: ['not-committed', 'not-committed', 'not-committed'],
          }),
        );
      },
    );
  });
});
