import { describe, expect, test } from 'vitest';
import type { AppendWritableOptions } from '../../src/index.js';
import { send } from '../emulator/signed-request.js';
import {
  chunkAt,
  chunks,
  contentBefore,
  deliver,
  delivered,
  gaveUp,
  key,
  last,
  middle,
  oldObject,
  type Stage,
  setStage,
} from '../helpers/delivery.js';
import {
  afterwards,
  type Ending,
  type HttpAnswer,
  instead,
  refusal,
} from '../helpers/http-proxy.js';
import { deliverWith, everyTime, inTurn, places, withoutRequestId } from './failure-table-setup.js';

describe('an append without an answer that OSS vouches for', () => {
  interface Row {
    readonly scenario: string;

    /** How the exchange ends, given the true answer if the append was forwarded. */
    readonly ending: (truth: HttpAnswer) => Ending;
    readonly options?: Partial<AppendWritableOptions>;
  }

  const gateway = (status: number): HttpAnswer => ({ status, body: '<html>Gateway</html>' });
  /** A success, except for its next position. */
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
    { scenario: 'an answer that is not HTTP', ending: () => 'garbage' },
    { scenario: 'a timeout', ending: () => 'silence', options: { requestTimeout: 500 } },
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

    test.each(rows)('is reconciled at once: $scenario, stored', async ({ ending, options }) => {
      const delivery = await deliverWith(place, afterwards(ending), options);

      expect(delivery).toEqual(delivered({ base, reconciles: ['committed'] }));
    });

    test.each(rows)(
      'is reconciled at once and again before the resend: $scenario, not stored',
      async ({ ending, options }) => {
        const delivery = await deliverWith(place, instead(ending(made)), options);

        expect(delivery).toEqual(
          delivered({
            base,
            retries: 1,
            attempts: 4,
            reconciles: ['not-committed', 'not-committed'],
          }),
        );
      },
    );
  });

  test.each(inTurn(rows))(
    'ends as unconfirmed when every attempt fails: $scenario, not stored, at $place.place',
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
            key,
            position,
            byteLength: chunkAt(place).length,
            cause: expect.any(Error),
          },
          confirmed: false,
          retries: 1,
          attempts: 2,
          reconciles: ['not-committed', 'not-committed', 'not-committed'],
        }),
      );
    },
  );
});

describe('an object that cannot be appended to', () => {
  const rows = [
    { status: 409, scenario: 'ObjectNotAppendable' },
    { status: 409, scenario: 'AppendSealedObjectNotAllowed' },
    { status: 400, scenario: 'AppendSealedObjectNotAllowed' },
    { status: 403, scenario: 'AppendSealedObjectNotAllowed' },
    { status: 409, scenario: 'FileImmutable' },
  ];

  describe.each(places)('at $place', (place) => {
    test.each(rows)(
      'fails the stream at once with $status $scenario',
      async ({ status, scenario }) => {
        const headers = { 'x-oss-object-type': 'Normal' };
        const delivery = await deliverWith(place, instead(refusal(status, scenario, { headers })));

        expect(delivery).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_NOT_APPENDABLE',
              key,
              objectType: 'Normal',
              message: expect.stringContaining(scenario),
            },
            confirmed: true,
          }),
        );
      },
    );
  });

  const changes = {
    'is sealed': ({ emulator }: Stage, position: number) =>
      send(emulator, {
        method: 'POST',
        key,
        query: { seal: '', position: String(position) },
      }),
    'is replaced by a Normal one': ({ emulator }: Stage) =>
      send(emulator, { method: 'PUT', key, body: 'normal' }),
  };
  const existing = [oldObject, middle, last];
  const rowsOfChanges = Object.entries(changes).flatMap(([scenario, change]) =>
    existing.map((place) => ({ ...place, scenario, change })),
  );

  test.each(rowsOfChanges)(
    'fails the stream at once when it $scenario before $place',
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

  test.each(existing)('is not recreated after it was deleted before $place', async (place) => {
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
        confirmed: true,
        object: undefined,
        reconciles: ['diverged'],
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
  ])('fails the stream at opening when it is $scenario', async ({ change, object, objectType }) => {
    const stage = await setStage('old.');
    await change(stage, 4);
    const delivery = await deliver(stage);

    expect(delivery).toMatchObject({
      error: { code: 'APPEND_ERR_NOT_APPENDABLE', key, objectType },
      object,
      bytesWritten: 0,
      position: undefined,
      acknowledged: '',
      attempts: 0,
      uncommitted: { position: undefined, bytes: chunks.join(''), confirmed: true },
    });
  });
});
