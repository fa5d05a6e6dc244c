import { describe, expect, test } from 'vitest';
import type { AppendWritableOptions } from '../../src/index.js';
import {
  chunkAt,
  contentBefore,
  deliver,
  delivered,
  finish,
  gaveUp,
  key,
  newObject,
  openThrough,
  type Stage,
  setStage,
} from '../helpers/delivery.js';
import {
  afterwards,
  type Ending,
  type Intervention,
  instead,
  refusal,
} from '../helpers/http-proxy.js';
import {
  appends,
  arrivesLate,
  count,
  deletes,
  everyTime,
  happens,
  happensAfter,
  internalError,
  nothing,
  places,
  seals,
  sealsBehindChunk,
  storesPart,
} from './reconcile-table-setup.js';

describe.each(places)('at $place', (place) => {
  const { base } = place;
  const position = contentBefore(place).length;
  const byteLength = chunkAt(place).length;
  const other = 'z'.repeat(byteLength);

  describe('with write-only credentials', () => {
    const refusals = [
      { since: 'from the start', first: 1 },
      { since: 'from mid-stream on', first: 2 },
    ];

    /** A stage that refuses HEAD from the `first` one on. */
    async function writeOnlyStage(first: number): Promise<Stage> {
      const stage = await setStage(base);
      stage.emulator.faults.add({ kind: 'forbid', operation: 'get' });
      stage.emulator.faults.add({ kind: 'forbid', operation: 'head', nth: first, times: 99 });
      return stage;
    }

    interface Row {
      readonly scenario: string;
      readonly act: (stage: Stage) => void;
      readonly effort: Parameters<typeof delivered>[0];
    }

    const recovered: Row[] = [
      {
        scenario: 'a lost answer',
        act: (stage) => happensAfter(stage, place, nothing),
        effort: { reconciles: ['committed'] },
      },
      {
        scenario: 'a lost append',
        act: (stage) => happens(stage, place, nothing),
        effort: { retries: 1, attempts: 4, reconciles: ['not-committed', 'not-committed'] },
      },
      {
        scenario: '500 after it was stored',
        act: (stage) => happensAfter(stage, place, nothing, internalError),
        effort: { retries: 1, reconciles: ['committed'] },
      },
      {
        scenario: '500 with nothing stored',
        act: (stage) => happens(stage, place, nothing, internalError),
        effort: { retries: 1, attempts: 4, reconciles: ['not-committed'] },
      },
      {
        scenario: 'an append that a proxy sent twice',
        act: (stage) =>
          stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ forward }) => {
            await forward();
            return forward();
          }),
        effort: { reconciles: ['committed'] },
      },
      {
        scenario: 'a part of the chunk stored',
        act: (stage) => happens(stage, place, storesPart(1)),
        effort: { attempts: 4, reconciles: ['partial'] },
      },
    ];

    test.each(refusals.flatMap((refused) => recovered.map((row) => ({ ...refused, ...row }))))(
      'an empty append reconciles $scenario: HEAD refused $since',
      async ({ first, act, effort }) => {
        const stage = await writeOnlyStage(first);
        act(stage);

        expect(await deliver(stage)).toEqual(delivered({ base, ...effort }));
        expect(count(stage, 'head')).toBe(first);
        expect(count(stage, 'get')).toBe(0);
      },
    );

    const strangers = [
      { scenario: 'as many bytes', content: other },
      { scenario: 'fewer bytes', content: 'z' },
      { scenario: 'more bytes', content: `${other}zz` },
    ].flatMap((row) =>
      refusals.flatMap((refused) => [
        { ...row, ...refused, end: 'a lost answer', ending: 'reset' as Ending, confirmed: false },
        {
          ...row,
          ...refused,
          end: 'a 409',
          confirmed: true,
          ending: refusal(409, 'PositionNotEqualToLength') as Ending,
        },
      ]),
    );

    test.each(strangers)(
      'another writer with $scenario is detected after $end: HEAD refused $since',
      async ({ content, first, ending, confirmed }) => {
        const stage = await writeOnlyStage(first);
        happens(
          stage,
          place,
          appends(() => content),
          ending,
        );

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_DIVERGED',
              key,
              position,
              actualLength: position + content.length,
            },
            confirmed,
            reconciles: ['diverged'],
            object: contentBefore(place) + content,
          }),
        );
      },
    );

    test.each(refusals)(
      'the chunk is unconfirmed when appends are refused too: HEAD refused $since',
      async ({ first }) => {
        const stage = await writeOnlyStage(first);
        happensAfter(stage, place, nothing);
        // Opening sends empty appends too: one, and a second one if the object exists.
        const nth = first > 1 ? 1 : base === '' ? 2 : 3;
        stage.proxy.intercept(
          { operation: 'empty-append', nth, ...everyTime },
          instead(refusal(403, 'AccessDenied')),
        );

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_UNCONFIRMED',
              key,
              position,
              byteLength,
              cause: { code: 'APPEND_ERR_SERVICE', ossCode: 'AccessDenied' },
            },
            confirmed: false,
            object: contentBefore(place) + chunkAt(place),
          }),
        );
      },
    );

    const writeOnlyRefusals = place === newObject ? [] : refusals;
    test.for(writeOnlyRefusals)(
      'an object deleted after a lost answer is not recreated: HEAD refused $since',
      async ({ first }) => {
        const stage = await writeOnlyStage(first);
        happensAfter(stage, place, deletes);

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength: 0 },
            confirmed: false,
            reconciles: ['diverged'],
            object: undefined,
          }),
        );
      },
    );

    test.for(writeOnlyRefusals)(
      'an object deleted before the append is not recreated: HEAD refused $since',
      async ({ first }) => {
        const stage = await writeOnlyStage(first);
        stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ forward }) => {
          await deletes(stage, place);
          return forward();
        });

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength: 0 },
            confirmed: true,
            reconciles: ['diverged'],
            object: undefined,
          }),
        );
      },
    );

    test.for(writeOnlyRefusals)(
      'a sealed object is reported as not appendable: HEAD refused $since',
      async ({ first }) => {
        const stage = await writeOnlyStage(first);
        stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ forward }) => {
          await seals(stage, place);
          return forward();
        });

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, { error: { code: 'APPEND_ERR_NOT_APPENDABLE', key }, confirmed: true }),
        );
      },
    );

    test.each(refusals)(
      'the chunk is unconfirmed when the object is sealed after a lost answer: HEAD refused $since',
      async ({ first }) => {
        const stage = await writeOnlyStage(first);
        happensAfter(stage, place, sealsBehindChunk);

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: {
              code: 'APPEND_ERR_UNCONFIRMED',
              key,
              position,
              byteLength,
              cause: { code: 'APPEND_ERR_NOT_APPENDABLE' },
            },
            confirmed: false,
            object: contentBefore(place) + chunkAt(place),
          }),
        );
      },
    );
  });

  describe('without checksums', () => {
    test.each([
      { scenario: 'in HEAD', operation: 'head' as const, gets: 1 },
      { scenario: 'in receipts', operation: 'append' as const, gets: 0 },
      { scenario: 'anywhere', operation: undefined, gets: 1 },
    ])('$scenario, a lost answer is still reconciled', async ({ operation, gets }) => {
      const stage = await setStage(base);
      stage.emulator.faults.add({ kind: 'hide-crc', ...(operation && { operation }) });
      happensAfter(stage, place, nothing);

      expect(await deliver(stage)).toEqual(delivered({ base, reconciles: ['committed'] }));
      expect(count(stage, 'get')).toBe(gets);
    });

    test.each([
      { scenario: 'in HEAD', operation: 'head' as const },
      { scenario: 'in receipts', operation: 'append' as const },
      { scenario: 'anywhere', operation: undefined },
    ])('$scenario, the length shows that nothing was stored', async ({ operation }) => {
      const stage = await setStage(base);
      stage.emulator.faults.add({ kind: 'hide-crc', ...(operation && { operation }) });
      happens(stage, place, nothing, internalError);

      expect(await deliver(stage)).toEqual(
        delivered({ base, retries: 1, attempts: 4, reconciles: ['not-committed'] }),
      );
      expect(count(stage, 'get')).toBe(0);
    });

    /** A stage whose store returns no checksum. */
    async function silentStage(): Promise<Stage> {
      const stage = await setStage(base);
      stage.emulator.faults.add({ kind: 'hide-crc', operation: 'head' });
      stage.emulator.faults.add({ kind: 'hide-crc', operation: 'append' });
      return stage;
    }

    test('a stored part is found by reading it back', async () => {
      const stage = await silentStage();
      happens(stage, place, storesPart(1));

      expect(await deliver(stage)).toEqual(
        delivered({ base, attempts: 4, reconciles: ['partial'] }),
      );
      expect(count(stage, 'get')).toBe(1);
    });

    test('as many bytes of another writer are found by reading them back', async () => {
      const stage = await silentStage();
      happens(
        stage,
        place,
        appends(() => other),
      );

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_DIVERGED', actualLength: position + byteLength },
          confirmed: false,
          reconciles: ['diverged'],
          object: contentBefore(place) + other,
        }),
      );
    });

    test('a refused read leaves the chunk unconfirmed', async () => {
      const stage = await silentStage();
      stage.emulator.faults.add({ kind: 'forbid', operation: 'get' });
      happensAfter(stage, place, nothing);

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: {
            code: 'APPEND_ERR_UNCONFIRMED',
            key,
            position,
            byteLength,
            cause: { code: 'APPEND_ERR_SERVICE', ossCode: 'AccessDenied' },
          },
          confirmed: false,
          object: contentBefore(place) + chunkAt(place),
        }),
      );
    });

    const failedReads: { scenario: string; intervention: Intervention }[] = [
      { scenario: '500', intervention: instead(internalError) },
      { scenario: '503', intervention: instead(refusal(503, 'ServiceUnavailable')) },
      { scenario: 'a reset', intervention: instead('reset') },
      { scenario: '206 without a request id', intervention: instead({ status: 206, body: 'x' }) },
      {
        scenario: 'the whole object instead of a range',
        intervention: afterwards((truth) => ({ ...truth, status: 200 })),
      },
      {
        scenario: 'another range',
        intervention: afterwards(({ headers, ...truth }) => ({
          ...truth,
          headers: { ...headers, 'content-range': 'bytes 900-901/902' },
        })),
      },
    ];

    test.each(failedReads)('the read is tried again after $scenario', async (row) => {
      const stage = await silentStage();
      happensAfter(stage, place, nothing);
      stage.proxy.intercept({ operation: 'get', nth: 1 }, row.intervention);

      expect(await deliver(stage)).toEqual(
        delivered({ base, retries: 1, reconciles: ['committed'] }),
      );
      expect(count(stage, 'get')).toBe(2);
    });
  });

  describe('a failed HEAD while reconciling', () => {
    const probes: { scenario: string; ending: Ending; options?: Partial<AppendWritableOptions> }[] =
      [
        { scenario: '500', ending: internalError },
        { scenario: '503', ending: refusal(503, 'ServiceUnavailable') },
        { scenario: '502 of a gateway', ending: { status: 502 } },
        { scenario: '404 without a request id', ending: { status: 404 } },
        { scenario: '200 without a request id', ending: { status: 200 } },
        { scenario: '403 without a request id', ending: { status: 403 } },
        {
          scenario: '200 with a garbled next position',
          ending: {
            status: 200,
            headers: { 'x-oss-request-id': '5C3D', 'x-oss-next-append-position': '4 bytes' },
          },
        },
        { scenario: 'a reset', ending: 'reset' },
        { scenario: 'a timeout', ending: 'silence', options: { requestTimeout: 500 } },
      ];

    test.each(probes)('is sent again: $scenario twice', async ({ ending, options }) => {
      const stage = await setStage(base);
      happensAfter(stage, place, nothing);
      stage.proxy.intercept({ operation: 'head', nth: 2, times: 2 }, instead(ending));

      expect(await deliver(stage, options)).toEqual(
        delivered({ base, retries: 2, reconciles: ['committed'] }),
      );
    });

    test.each(probes.filter(({ options }) => options === undefined))(
      'leaves the chunk unconfirmed, and no append is sent: $scenario every time',
      async ({ ending }) => {
        const stage = await setStage(base);
        happens(stage, place, nothing);
        stage.proxy.intercept({ operation: 'head', nth: 2, ...everyTime }, instead(ending));

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: { code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
            confirmed: false,
            retries: 2,
          }),
        );
        expect(count(stage, 'head')).toBe(4);
        expect(count(stage, 'append')).toBe(place.nth);
      },
    );

    test.each([
      { scenario: '404 NoSuchBucket', answer: refusal(404, 'NoSuchBucket') },
      { scenario: '403 SignatureDoesNotMatch', answer: refusal(403, 'SignatureDoesNotMatch') },
      { scenario: '301', answer: refusal(301, 'TemporaryRedirect') },
    ])(
      'ends the stream as unconfirmed when a retry is pointless: $scenario',
      async ({ answer }) => {
        const stage = await setStage(base);
        happensAfter(stage, place, nothing);
        stage.proxy.intercept({ operation: 'head', nth: 2 }, instead(answer));

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: { code: 'APPEND_ERR_UNCONFIRMED', position, cause: { status: answer.status } },
            confirmed: false,
            object: contentBefore(place) + chunkAt(place),
          }),
        );
      },
    );

    test('may also be a failed empty append, which is sent again', async () => {
      const stage = await setStage(base);
      stage.emulator.faults.add({ kind: 'forbid', operation: 'head', nth: 2, times: 99 });
      happensAfter(stage, place, nothing);
      stage.proxy.intercept({ operation: 'empty-append', nth: 1 }, afterwards('reset'));
      stage.proxy.intercept({ operation: 'empty-append', nth: 2 }, afterwards({ status: 502 }));

      expect(await deliver(stage)).toEqual(
        delivered({ base, retries: 2, reconciles: ['committed'] }),
      );
    });
  });

  describe('when a HEAD alone proves nothing', () => {
    test('a chunk applied after the stream gave up was handed back as unconfirmed', async () => {
      const stage = await setStage(base);
      const { land } = arrivesLate(stage, place);
      const later = { operation: 'append', nth: place.nth + 1, ...everyTime } as const;
      stage.proxy.intercept(later, instead(internalError));
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
          confirmed: false,
          retries: 2,
          attempts: 3,
          reconciles: Array(4).fill('not-committed'),
        }),
      );
      await land();
      expect(String(await stage.emulator.read('examplebucket', key))).toBe(
        contentBefore(place) + chunkAt(place),
      );
    });

    test('every attempt of a chunk names the same position', async () => {
      const stage = await setStage(base);
      const all = { operation: 'append', nth: place.nth, ...everyTime } as const;
      stage.proxy.intercept(all, instead('reset'));
      await deliver(stage);

      const attempts = stage.proxy.requests
        .filter(({ operation }) => operation === 'append')
        .slice(place.nth - 1);
      expect(attempts.map((attempt) => attempt.position)).toEqual([position, position, position]);
      expect(new Set(attempts.map(({ headers }) => headers['content-length']))).toEqual(
        new Set([String(byteLength)]),
      );
    });

    test('a lost append applied before the resend is committed once', async () => {
      const stage = await setStage(base);
      const { land } = arrivesLate(stage, place);
      stage.proxy.intercept({ operation: 'head', nth: 3 }, async ({ forward }) => {
        await land();
        return forward();
      });

      expect(await deliver(stage)).toEqual(
        delivered({ base, retries: 1, reconciles: ['not-committed', 'committed'] }),
      );
    });

    test('a lost append applied during the resend is committed once', async () => {
      const stage = await setStage(base);
      const { land } = arrivesLate(stage, place);
      stage.proxy.intercept({ operation: 'append', nth: place.nth + 1 }, async ({ forward }) => {
        await land();
        return forward();
      });

      expect(await deliver(stage)).toEqual(
        delivered({
          base,
          retries: 1,
          attempts: 4,
          reconciles: ['not-committed', 'not-committed', 'committed'],
        }),
      );
    });

    test('the chunk is unconfirmed when the last HEAD failed, although every append was answered', async () => {
      const stage = await setStage(base);
      happens(stage, place, nothing, internalError);
      stage.proxy.intercept({ operation: 'head', nth: 2, ...everyTime }, instead('reset'));

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
          confirmed: false,
          retries: 2,
        }),
      );
    });

    test('the chunk is confirmed as not stored when every attempt was answered or not sent', async () => {
      const stage = await setStage(base);
      const answers = [internalError, refusal(400, 'IncompleteBody'), refusal(503, 'SlowDown')];
      for (const [index, answer] of answers.entries()) {
        stage.proxy.intercept({ operation: 'append', nth: place.nth + index }, instead(answer));
      }

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', key, position, attempts: 3 },
          confirmed: true,
          retries: 2,
          attempts: 3,
          reconciles: ['not-committed', 'not-committed'],
        }),
      );
    });
  });

  describe('the first HEAD after a failure', () => {
    test.each([
      ...['eof', 'reset'].map((ending) => ({ scenario: ending, ending: ending as Ending })),
      { scenario: '502', ending: { status: 502 } },
    ])(
      'is sent at once after a lost answer, and another after the backoff: $scenario',
      async (row) => {
        const stage = await setStage(base);
        happens(stage, place, nothing, row.ending);
        const stream = openThrough(stage);
        const heads: number[] = [];
        stream.on('retry', () => heads.push(count(stage, 'head')));
        const delivery = await finish(stage, stream);

        expect(delivery).toEqual(
          delivered({
            base,
            retries: 1,
            attempts: 4,
            reconciles: ['not-committed', 'not-committed'],
          }),
        );
        expect(heads).toEqual([2]);
        expect(count(stage, 'head')).toBe(3);
      },
    );

    test.each([429, 503].map((status) => ({ scenario: String(status), status })))(
      'is sent only after the backoff: $scenario',
      async ({ status }) => {
        const stage = await setStage(base);
        happens(stage, place, nothing, refusal(status, 'TooManyRequests'));
        const stream = openThrough(stage);
        const heads: number[] = [];
        stream.on('retry', () => heads.push(count(stage, 'head')));
        const delivery = await finish(stage, stream);

        expect(delivery).toEqual(
          delivered({ base, retries: 1, attempts: 4, reconciles: ['not-committed'] }),
        );
        expect(heads).toEqual([1]);
        expect(count(stage, 'head')).toBe(2);
      },
    );
  });
});
