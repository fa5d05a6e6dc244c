import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { AppendWritableOptions, CredentialsProvider } from '../../src/index.js';
import { append, send } from '../emulator/signed-request.js';
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
  newObject,
  oldObject,
  openThrough,
  type Place,
  type Stage,
  setStage,
} from '../helpers/delivery.js';
import { type Detour, takeDetour } from '../helpers/detour.js';
import {
  afterwards,
  type Ending,
  type HttpAnswer,
  type Intervention,
  instead,
  refusal,
} from '../helpers/http-proxy.js';

const places = [newObject, middle, last];
const everyTime = { times: 99 };

/** The rows at one place each, where all of them at every place would tell no more. */
function inTurn<Row>(rows: readonly Row[]): (Row & { place: Place })[] {
  return rows.map((row, index) => ({ ...row, place: places[index % places.length] as Place }));
}

/** A delivery through a proxy that interferes with the appends of `place`. */
async function deliverWith(
  place: Place,
  intervention: Intervention,
  { times = 1, ...options }: Partial<AppendWritableOptions> & { times?: number } = {},
) {
  const stage = await setStage(place.base);
  stage.proxy.intercept({ operation: 'append', nth: place.nth, times }, intervention);
  return deliver(stage, options);
}

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

  async function freePort(): Promise<number> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
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
      origin: async () => `http://127.0.0.1:${await freePort()}`,
      reason: /ECONNREFUSED/,
    },
    {
      scenario: 'a name that does not resolve',
      origin: async () => 'http://oss.invalid',
      reason: /ENOTFOUND|EAI_AGAIN/,
    },
    {
      scenario: 'a TLS handshake with a server that speaks none',
      origin: async ({ emulator }) => emulator.endpoint.replace('http:', 'https:'),
      reason: /SSL|wrong version number/,
    },
    {
      scenario: 'a TLS handshake that never ends',
      origin: async () => `https://127.0.0.1:${await listen(() => {})}`,
      reason: /got no connection within/,
      options: { requestTimeout: 100 },
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
    test.each(rows)('is sent again after $scenario, and nothing is asked', async (row) => {
      const delivery = await takingDetour(place, row, { method: 'POST', times: 1 });

      expect(delivery).toEqual(delivered({ base: place.base, retries: 1, attempts: 4 }));
    });
  });

  test.each(inTurn(rows))(
    'exhausts the retries, certainly not stored, with $scenario every time, at $place.place',
    async ({ place, ...row }) => {
      const delivery = await takingDetour(place, row, { method: 'POST', ...everyTime });

      const position = contentBefore(place).length;
      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: {
            code: 'APPEND_ERR_RETRIES_EXHAUSTED',
            ...{ key, position, attempts: 3, cause: { outcome: 'rejected' } },
            message: expect.stringMatching(row.reason),
          },
          ...{ confirmed: true, retries: 2, attempts: 3 },
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
          ...{ key, position: undefined, attempts: 3 },
          message: expect.stringMatching(row.reason),
        },
        ...{ bytesWritten: 0, position: undefined, acknowledged: '', retries: 2, attempts: 0 },
        uncommitted: { key, position: undefined, bytes: chunks.join(''), confirmed: true },
      });
    });

    test.each([
      { scenario: 'a name in .invalid', endpoint: 'http://oss.invalid' },
      { scenario: 'https where http is spoken', endpoint: undefined },
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

  test("undici's connect timeout says that nothing left", async () => {
    const stage = await setStage();
    const dispatcher = takeDetour({
      ...{ method: 'POST', nth: 2, times: 1, connectTimeout: 50 },
      origin: `https://127.0.0.1:${await listen(() => {})}`,
    });
    const delivery = await deliver(stage, { dispatcher });

    expect(delivery).toEqual(delivered({ retries: 1, attempts: 4 }));
  });

  test('a TLS handshake that is hung up on says that nothing left', async () => {
    const stage = await setStage();
    const port = await listen((socket) => socket.once('data', () => socket.destroy()));
    const origin = `https://127.0.0.1:${port}`;
    const dispatcher = takeDetour({ method: 'POST', nth: 2, ...everyTime, origin });
    const delivery = await deliver(stage, { dispatcher });

    expect(delivery).toMatchObject(
      gaveUp(middle, {
        error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', position: 4, attempts: 3 },
        ...{ confirmed: true, retries: 2, attempts: 3 },
      }),
    );
  });
});

describe('a body that did not arrive as it was sent', () => {
  const rows = ['RequestTimeout', 'IncompleteBody', 'InvalidDigest', 'InvalidCRC64'].map(
    (scenario) => ({ scenario, answer: refusal(400, scenario) }),
  );

  describe.each(places)('at $place', (place) => {
    test.each(rows)('is sent again after 400 $scenario, and nothing is asked', async (row) => {
      const delivery = await deliverWith(place, instead(row.answer));

      expect(delivery).toEqual(delivered({ base: place.base, retries: 1, attempts: 4 }));
    });

    test.each(rows)(
      'exhausts the retries, certainly not stored, with 400 $scenario every time',
      async ({ scenario, answer }) => {
        const delivery = await deliverWith(place, instead(answer), everyTime);

        const position = contentBefore(place).length;
        expect(delivery).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_RETRIES_EXHAUSTED',
              ...{ key, position, attempts: 3, cause: { status: 400, ossCode: scenario } },
            },
            ...{ confirmed: true, retries: 2, attempts: 3 },
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

    test('means committed when a proxy sent the append twice', async () => {
      const delivery = await deliverWith(place, async ({ forward }) => {
        await forward();
        return forward();
      });

      expect(delivery).toEqual(delivered({ base, reconciles: ['committed'] }));
    });

    test('means that somebody else wrote when the object holds other bytes', async () => {
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
          ...{ confirmed: true, reconciles: ['diverged'] },
          object: contentBefore(place) + strange,
        }),
      );
    });

    test('is followed by a resend when the object is as it was left', async () => {
      const delivery = await deliverWith(place, instead(conflict(99)));

      expect(delivery).toEqual(
        delivered({
          ...{ base, retries: 1, attempts: 4 },
          reconciles: ['not-committed', 'not-committed'],
        }),
      );
    });

    test('is unconfirmed when the object contradicts it every time', async () => {
      const delivery = await deliverWith(place, instead(conflict(99)), everyTime);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', key, position },
          ...{ confirmed: false, retries: 2, attempts: 3 },
          reconciles: Array(5).fill('not-committed'),
        }),
      );
    });

    test('is known by its position when the document cannot be read', async () => {
      const delivery = await deliverWith(place, async ({ forward }) => {
        await forward();
        return { ...(await forward()), body: 'no XML' };
      });

      expect(delivery).toEqual(delivered({ base, reconciles: ['committed'] }));
    });
  });
});

describe('an answer of OSS that leaves it open whether the bytes were stored', () => {
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

    test.each(rows)('is settled by asking after the backoff: $scenario, stored', async (row) => {
      const delivery = await deliverWith(place, afterwards(row.answer));

      expect(delivery).toEqual(delivered({ base, retries: 1, reconciles: ['committed'] }));
    });

    test.each(rows)('is followed by a resend: $scenario, not stored', async (row) => {
      const delivery = await deliverWith(place, instead(row.answer));

      expect(delivery).toEqual(
        delivered({ base, retries: 1, attempts: 4, reconciles: ['not-committed'] }),
      );
    });

    test.each(rows)(
      'is asked about when no attempt is left: $scenario, stored',
      async ({ answer }) => {
        const delivery = await deliverWith(place, afterwards(answer), { retry: { retries: 0 } });

        expect(delivery).toEqual(delivered({ base, reconciles: ['committed'] }));
      },
    );

    test.each(rows)(
      'exhausts the retries, certainly not stored: $scenario every time',
      async ({ answer }) => {
        const delivery = await deliverWith(place, instead(answer), everyTime);

        expect(delivery).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_RETRIES_EXHAUSTED',
              ...{ key, position, attempts: 3, cause: { status: answer.status } },
            },
            ...{ confirmed: true, retries: 2, attempts: 3 },
            reconciles: ['not-committed', 'not-committed', 'not-committed'],
          }),
        );
      },
    );
  });
});

const withoutRequestId = ({ headers, ...answer }: HttpAnswer): HttpAnswer => ({
  ...answer,
  headers: { ...headers, 'x-oss-request-id': undefined },
});

describe('no answer of OSS', () => {
  interface Row {
    readonly scenario: string;

    /** How the exchange ends; what it is told is the true answer, if the append was passed on. */
    readonly ending: (truth: HttpAnswer) => Ending;
    readonly options?: Partial<AppendWritableOptions>;
  }

  const gateway = (status: number): HttpAnswer => ({ status, body: '<html>Gateway</html>' });
  /** A success but for the position it names. */
  const naming =
    (position: string | undefined) =>
    ({ headers }: HttpAnswer): HttpAnswer => ({
      status: 200,
      headers: { ...headers, 'x-oss-next-append-position': position },
    });
  const nextPositionOf = ({ headers }: HttpAnswer) =>
    Number(headers?.['x-oss-next-append-position'] ?? 4);

  const rows: Row[] = [
    ...[500, 502, 503, 504].map((status) => ({
      scenario: `${status} without a request id`,
      ending: () => gateway(status),
    })),
    { scenario: '502 with a request id', ending: () => refusal(502, 'BadGateway') },
    { scenario: '504 with a request id', ending: () => refusal(504, 'GatewayTimeout') },
    { scenario: '501 with a request id', ending: () => refusal(501, 'NotImplemented') },
    { scenario: '204 with a request id', ending: (truth) => ({ ...truth, status: 204, body: '' }) },
    { scenario: '200 without a request id', ending: withoutRequestId },
    ...['AccessDenied', 'SecurityTokenExpired'].map((code) => ({
      scenario: `403 ${code} without a request id`,
      ending: () => withoutRequestId(refusal(403, code)),
    })),
    {
      scenario: '404 without a request id',
      ending: () => withoutRequestId(refusal(404, 'NoSuchBucket')),
    },
    {
      scenario: '409 ObjectNotAppendable without a request id',
      ending: () => withoutRequestId(refusal(409, 'ObjectNotAppendable')),
    },
    {
      scenario: '409 PositionNotEqualToLength without a request id',
      ending: () => withoutRequestId(refusal(409, 'PositionNotEqualToLength')),
    },
    {
      scenario: '302 of a proxy',
      ending: () => ({ status: 302, headers: { location: '/login' } }),
    },
    { scenario: 'a reset', ending: () => 'reset' },
    { scenario: 'an end of file', ending: () => 'eof' },
    { scenario: 'an answer cut short', ending: () => 'cut' },
    { scenario: 'an answer that is no HTTP', ending: () => 'garbage' },
    { scenario: 'a timeout', ending: () => 'silence', options: { requestTimeout: 200 } },
    { scenario: '200 without the next position', ending: naming(undefined) },
    { scenario: '200 with a garbled next position', ending: naming('4 bytes') },
    { scenario: '200 with a huge next position', ending: naming('99999999999999999999') },
    {
      scenario: '200 with a next position that is too high',
      ending: (truth) => naming(String(nextPositionOf(truth) + 1))(truth),
    },
    {
      scenario: '200 with a next position that is too low',
      ending: (truth) => naming(String(nextPositionOf(truth) - 1))(truth),
    },
  ];
  const made: HttpAnswer = { status: 200, headers: { 'x-oss-request-id': '5C3D9175B6FC2012' } };

  describe.each(places)('at $place', (place) => {
    const { base } = place;

    test.each(rows)(
      'is settled by asking at once: $scenario, stored',
      async ({ ending, options }) => {
        const delivery = await deliverWith(place, afterwards(ending), options);

        expect(delivery).toEqual(delivered({ base, reconciles: ['committed'] }));
      },
    );

    test.each(rows)(
      'is asked about at once and again before the resend: $scenario, not stored',
      async ({ ending, options }) => {
        const delivery = await deliverWith(place, instead(ending(made)), options);

        expect(delivery).toEqual(
          delivered({
            ...{ base, retries: 1, attempts: 4 },
            reconciles: ['not-committed', 'not-committed'],
          }),
        );
      },
    );
  });

  test.each(inTurn(rows))(
    'is unconfirmed when it never ends: $scenario, not stored, at $place.place',
    async ({ ending, options, place }) => {
      const delivery = await deliverWith(place, instead(ending(made)), {
        ...options,
        ...everyTime,
        retry: { retries: 1, minTimeout: 0 },
      });

      const position = contentBefore(place).length;
      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: {
            code: 'APPEND_ERR_UNCONFIRMED',
            ...{ key, position, byteLength: chunkAt(place).length },
            cause: expect.any(Error),
          },
          ...{ confirmed: false, retries: 1, attempts: 2 },
          reconciles: ['not-committed', 'not-committed', 'not-committed'],
        }),
      );
    },
  );
});

describe('an object that takes no appends', () => {
  const rows = [
    { status: 409, scenario: 'ObjectNotAppendable' },
    { status: 409, scenario: 'AppendSealedObjectNotAllowed' },
    { status: 400, scenario: 'AppendSealedObjectNotAllowed' },
    { status: 403, scenario: 'AppendSealedObjectNotAllowed' },
    { status: 409, scenario: 'FileImmutable' },
  ];

  describe.each(places)('at $place', (place) => {
    test.each(rows)('fails at once with $status $scenario', async ({ status, scenario }) => {
      const headers = { 'x-oss-object-type': 'Normal' };
      const delivery = await deliverWith(place, instead(refusal(status, scenario, { headers })));

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: {
            code: 'APPEND_ERR_NOT_APPENDABLE',
            ...{ key, objectType: 'Normal' },
            message: expect.stringContaining(scenario),
          },
          confirmed: true,
        }),
      );
    });
  });

  const changes = {
    'is sealed': ({ emulator }: Stage, position: number) =>
      send(emulator, {
        ...{ method: 'POST', key, query: { seal: '', position: String(position) } },
      }),
    'is replaced by a Normal one': ({ emulator }: Stage) =>
      send(emulator, { method: 'PUT', key, body: 'normal' }),
  };
  const existing = [oldObject, middle, last];
  const rowsOfChanges = Object.entries(changes).flatMap(([scenario, change]) =>
    existing.map((place) => ({ ...place, scenario, change })),
  );

  test.each(rowsOfChanges)(
    'fails at once when it $scenario before $place',
    async ({ scenario: _, change, ...place }) => {
      const stage = await setStage(place.base);
      const position = contentBefore(place).length;
      stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ forward }) => {
        await change(stage, position);
        return forward();
      });
      const delivery = await deliver(stage);

      const normal = change === changes['is replaced by a Normal one'];
      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_NOT_APPENDABLE', key },
          confirmed: true,
          ...(normal ? { object: 'normal' } : {}),
        }),
      );
    },
  );

  test.each(existing)('has been deleted before $place: it is not recreated', async (place) => {
    const stage = await setStage(place.base);
    const position = contentBefore(place).length;
    stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ forward }) => {
      await send(stage.emulator, { method: 'DELETE', key });
      return forward();
    });
    const delivery = await deliver(stage);

    expect(delivery).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength: 0 },
        ...{ confirmed: true, object: undefined, reconciles: ['diverged'] },
      }),
    );
  });

  test.each([
    {
      scenario: 'sealed',
      change: changes['is sealed'],
      object: 'old.',
      objectType: 'Appendable',
    },
    {
      scenario: 'Normal',
      change: changes['is replaced by a Normal one'],
      object: 'normal',
      objectType: 'Normal',
    },
  ])('fails at opening when it is $scenario', async ({ change, object, objectType }) => {
    const stage = await setStage('old.');
    await change(stage, 4);
    const delivery = await deliver(stage);

    expect(delivery).toMatchObject({
      error: { code: 'APPEND_ERR_NOT_APPENDABLE', key, objectType },
      ...{ object, bytesWritten: 0, position: undefined, acknowledged: '', attempts: 0 },
      uncommitted: { position: undefined, bytes: chunks.join(''), confirmed: true },
    });
  });
});

describe('a refusal that no retry heals', () => {
  const elsewhere = '<Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint>';
  const rows: { scenario: string; answer: HttpAnswer; endpoint?: string; outcome?: string }[] = [
    ...['AccessDenied', ''].map((code) => ({
      scenario: `403 ${code || 'without a code'}`,
      answer: refusal(403, code),
      outcome: 'forbidden',
    })),
    {
      scenario: '403 that cannot be decoded',
      answer: { ...refusal(403, ''), body: '<!DOCTYPE html><Error><Code>X</Code></Error>' },
      outcome: 'forbidden',
    },
    {
      scenario: '403 AccessDenied with an endpoint',
      answer: refusal(403, 'AccessDenied', { elements: elsewhere }),
      ...{ outcome: 'forbidden', endpoint: 'oss-cn-beijing.aliyuncs.com' },
    },
    ...['SignatureDoesNotMatch', 'UserDisable', 'InvalidAccessKeyId'].map((code) => ({
      scenario: `403 ${code}`,
      answer: refusal(403, code),
    })),
    { scenario: '401', answer: refusal(401, 'Unauthorized') },
    { scenario: '404 NoSuchBucket', answer: refusal(404, 'NoSuchBucket') },
    { scenario: '404 NoSuchKey', answer: refusal(404, 'NoSuchKey') },
    {
      scenario: '301 TemporaryRedirect',
      answer: refusal(301, 'TemporaryRedirect', {
        ...{ elements: elsewhere, headers: { location: 'http://oss-cn-beijing.aliyuncs.com/' } },
      }),
      endpoint: 'oss-cn-beijing.aliyuncs.com',
    },
    {
      scenario: '307 TemporaryRedirect',
      answer: refusal(307, 'TemporaryRedirect', { headers: { location: '/examplebucket/b.log' } }),
    },
    { scenario: '304', answer: { ...refusal(304, ''), body: '' } },
    { scenario: '400 InvalidArgument', answer: refusal(400, 'InvalidArgument') },
    { scenario: '405 MethodNotAllowed', answer: refusal(405, 'MethodNotAllowed') },
    { scenario: '411 MissingContentLength', answer: refusal(411, 'MissingContentLength') },
    { scenario: '409 FileAlreadyExists', answer: refusal(409, 'FileAlreadyExists') },
    { scenario: '409 without document and position', answer: { ...refusal(409, ''), body: '' } },
    { scenario: '412', answer: refusal(412, 'PreconditionFailed') },
  ];

  function errorOf({ scenario, answer, endpoint, outcome = 'fatal' }: (typeof rows)[number]) {
    const ossCode = /<Code>(\w+)<\/Code>/.exec(String(answer.body))?.[1];
    return {
      code: 'APPEND_ERR_SERVICE',
      status: answer.status,
      ossCode: scenario.includes('decoded') ? undefined : ossCode,
      requestId: '5C3D9175B6FC201293AD4890',
      ec: '0003-00000001',
      ...{ endpoint, outcome },
    };
  }

  const withEc = (answer: HttpAnswer): HttpAnswer => ({
    ...answer,
    headers: { ...answer.headers, 'x-oss-ec': '0003-00000001' },
  });

  describe.each(places)('at $place', (place) => {
    const { base } = place;
    const position = contentBefore(place).length;

    test.each(rows)('ends the stream at once: $scenario', async (row) => {
      const delivery = await deliverWith(place, instead(withEc(row.answer)));

      expect(delivery).toMatchObject(gaveUp(place, { error: errorOf(row), confirmed: true }));
    });

    test('is asked about first, and does no harm when the lost append has landed', async () => {
      const stage = await setStage(base);
      let land = async () => {};
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth },
        async ({ readBody, forward }): Promise<Ending> => {
          await readBody();
          land = async () => {
            await forward();
          };
          return 'reset';
        },
      );
      stage.proxy.intercept({ operation: 'append', nth: place.nth + 1 }, async ({ readBody }) => {
        await readBody();
        await land();
        return refusal(403, 'AccessDenied');
      });
      const delivery = await deliver(stage);

      expect(delivery).toEqual(
        delivered({
          ...{ base, retries: 1, attempts: 4 },
          reconciles: ['not-committed', 'not-committed', 'committed'],
        }),
      );
    });

    test('is the cause of an unconfirmed end when asking fails too', async () => {
      const stage = await setStage(base);
      stage.proxy.intercept({ operation: 'append', nth: place.nth }, instead('reset'));
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth + 1 },
        instead(refusal(403, 'UserDisable')),
      );
      stage.proxy.intercept({ operation: 'head', nth: 4, ...everyTime }, instead('reset'));
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', position, cause: { ossCode: 'UserDisable' } },
          ...{ confirmed: false, retries: 1, attempts: 2 },
          reconciles: ['not-committed', 'not-committed'],
        }),
      );
    });

    test('ends the stream as it is when the doubt before it has been settled', async () => {
      const stage = await setStage(base);
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth },
        instead(refusal(500, 'InternalError')),
      );
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth + 1 },
        instead(refusal(403, 'AccessDenied')),
      );
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_SERVICE', ossCode: 'AccessDenied' },
          ...{ confirmed: true, retries: 1, attempts: 2, reconciles: ['not-committed'] },
        }),
      );
    });
  });

  test.each(inTurn(rows))(
    'is unconfirmed behind an append without an answer: $scenario, at $place.place',
    async ({ place, ...row }) => {
      const position = contentBefore(place).length;
      const stage = await setStage(place.base);
      stage.proxy.intercept({ operation: 'append', nth: place.nth }, instead('reset'));
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth + 1 },
        instead(withEc(row.answer)),
      );
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: {
            code: 'APPEND_ERR_UNCONFIRMED',
            ...{ key, position, byteLength: chunkAt(place).length, cause: errorOf(row) },
          },
          ...{ confirmed: false, retries: 1, attempts: 2 },
          reconciles: ['not-committed', 'not-committed', 'not-committed'],
        }),
      );
    },
  );

  describe('at opening', () => {
    const fatal = rows.filter(
      ({ scenario, outcome }) => outcome === undefined && !scenario.includes('NoSuchKey'),
    );

    test.each(fatal)('ends the stream at once: $scenario', async (row) => {
      const stage = await setStage();
      stage.proxy.intercept({ operation: 'head', nth: 1 }, instead(withEc(row.answer)));
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject({
        error: errorOf(row),
        ...{ object: undefined, bytesWritten: 0, position: undefined, retries: 0, attempts: 0 },
        uncommitted: { key, position: undefined, bytes: chunks.join(''), confirmed: true },
      });
    });

    test('is asked again by an append of nothing after a 403 with another endpoint', async () => {
      const stage = await setStage();
      const answer = refusal(403, 'AccessDenied', { elements: elsewhere });
      stage.proxy.intercept({ operation: 'head', nth: 1 }, instead(answer));
      stage.proxy.intercept({ operation: 'empty-append', nth: 1 }, instead(answer));
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject({
        error: { code: 'APPEND_ERR_SERVICE', endpoint: 'oss-cn-beijing.aliyuncs.com' },
        ...{ object: undefined, retries: 0 },
      });
    });
  });
});

describe('a HEAD at opening that tells nothing', () => {
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
    { scenario: 'an answer that is no HTTP', ending: 'garbage' },
    { scenario: 'a timeout', ending: 'silence', options: { requestTimeout: 200 } },
  ];

  test.each(rows)('is asked again: $scenario', async ({ ending, options }) => {
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
      ...{ object: 'old.', position: undefined, bytesWritten: 0, retries: 1, attempts: 0 },
      uncommitted: { position: undefined, bytes: chunks.join(''), confirmed: true },
    });
  });
});

describe('a checksum that is not ours', () => {
  test.each(places)('ends the stream after $place was accepted', async (place) => {
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

  test("is not looked at with verify: 'none'", async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'wrong-crc', operation: 'append', nth: 2 });

    expect(await deliver(stage, { verify: 'none' })).toEqual(delivered());
  });
});

describe('5 GiB', () => {
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
  ])('refuses $scenario before it is sent', async ({ room, sent, bytes }) => {
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
      ...{ bytesWritten: sent, position, retries: 0, reconciles: [], attempts: sent / 4 },
      uncommitted: { key, position, bytes, confirmed: true },
    });
    expect(stage.proxy.requests.filter(({ operation }) => operation === 'append')).toHaveLength(
      sent / 4,
    );
  });

  test('takes the byte that fills the object', async () => {
    const stage = await setStage();
    stage.proxy.intercept({ operation: 'head', nth: 1 }, instead(nearlyFull(4)));
    stage.proxy.intercept({ operation: 'append', nth: 1 }, instead({ ...nearlyFull(0) }));

    expect(await deliver(stage, { verify: 'none' }, ['aaaa'])).toMatchObject({
      ...{ error: undefined, bytesWritten: 4, position: limit, attempts: 1 },
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
    { scenario: 'behind an append that went well', nth: 2 },
  ])('is reconciled and the chunk sent again, $scenario', async ({ nth }) => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'early-conflict', nth });
    const writes = nth === 1 ? [large] : [large, large];
    const delivery = await deliver(stage, { ...sizes, endpoint: stage.emulator.endpoint }, writes);

    // The refusal may be lost in the reset that follows it; then it is a lost answer.
    expect(delivery).toMatchObject({ error: undefined, retries: 1, attempts: nth + 1 });
    expect(new Set(delivery.reconciles)).toEqual(new Set(['not-committed']));
    expect(delivery.object === writes.join('')).toBe(true);
  });

  test('is reconciled when the connection is reset under the body', async () => {
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

  test('is told from a success when it comes every time', async () => {
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

describe('a refusal that precedes any processing', () => {
  const operations = [
    { scenario: 'at opening', operation: 'head' as const, nth: 1 },
    ...[oldObject, middle, last].map(({ place, nth }) => ({
      ...{ scenario: `at ${place}`, operation: 'append' as const, nth },
    })),
  ];

  /** Temporary credentials, other ones with each call. */
  function temporary() {
    let count = 0;
    return vi.fn(() => ({
      ...{ accessKeyId: 'emulator', accessKeySecret: 'emulator' },
      ...{ securityToken: `token-${++count}`, expiration: Date.now() + 3_600_000 },
    }));
  }

  test.each(operations)(
    'is healed when it was the clock, $scenario',
    async ({ operation, nth }) => {
      const stage = await setStage('old.');
      stage.emulator.faults.add({ kind: 'skew', operation, nth });

      expect(await deliver(stage)).toEqual(delivered({ base: 'old.' }));
      const refused = stage.emulator.requests.filter(({ status }) => status === 403);
      expect(refused).toMatchObject([{ operation, fault: 'skew' }]);
    },
  );

  test('is healed each time the clock moves', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'skew', operation: 'append', nth: 1 });
    stage.emulator.faults.add({ kind: 'skew', operation: 'append', nth: 4 });

    expect(await deliver(stage)).toEqual(delivered());
    expect(stage.emulator.requests.filter(({ status }) => status === 403)).toHaveLength(2);
  });

  test.each(operations)(
    'is healed by new credentials when the token had expired, $scenario',
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

  /** A provider that works `count` times and then does what `fail` does. */
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
        ...{ object: undefined, bytesWritten: 0, position: undefined, retries: 0, attempts: 0 },
        uncommitted: { position: undefined, bytes: chunks.join(''), confirmed: true },
      });
      expect(stage.proxy.requests).toEqual([]);
    },
  );

  const failing = broken.slice(0, 2);
  // Opening asks once, and each chunk once more.
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
              ...{ key, position, attempts: 3, cause: { code: 'APPEND_ERR_CREDENTIALS' } },
            },
            ...{ confirmed: true, retries: 2, attempts: 3 },
          }),
        );
      },
    );

    test.each(failing)('is asked again when it $scenario once', async ({ fail }) => {
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

  test('is asked again when it hangs once', async () => {
    const stage = await setStage();
    const delivery = await deliver(stage, {
      credentials: provider(2, () => new Promise(() => {}), 1),
      requestTimeout: 150,
    });

    expect(delivery).toEqual(delivered({ retries: 1, attempts: 4 }));
  });

  test('ends the stream, certainly with nothing stored, when it hangs', async () => {
    const stage = await setStage();
    const credentials = () => new Promise<never>(() => {});
    const delivery = await deliver(stage, { credentials, requestTimeout: 150 });

    expect(delivery).toMatchObject({
      error: { code: 'APPEND_ERR_CREDENTIALS', message: expect.stringContaining('in time') },
      ...{ object: undefined, bytesWritten: 0, position: undefined, retries: 0, attempts: 0 },
      uncommitted: { position: undefined, bytes: chunks.join(''), confirmed: true },
    });
    expect(stage.proxy.requests).toEqual([]);
  });

  test('leaves the chunk unconfirmed when it fails behind a lost answer', async () => {
    const stage = await setStage();
    stage.proxy.intercept({ operation: 'append', nth: 2 }, afterwards('reset'));
    const { fail } = failing[0] as (typeof failing)[number];
    const stream = openThrough(stage, { credentials: provider(3, fail) });

    expect(await finish(stage, stream)).toMatchObject(
      gaveUp(middle, {
        error: { code: 'APPEND_ERR_UNCONFIRMED', cause: { code: 'APPEND_ERR_CREDENTIALS' } },
        ...{ confirmed: false, retries: 2, object: 'aaaabbbb' },
      }),
    );
  });
});
