import { describe, expect, test } from 'vitest';
import type { AppendWritableOptions } from '../../src/index.js';
import { append, send } from '../emulator/signed-request.js';
import {
  chunkAt,
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
import {
  afterwards,
  type Ending,
  type HttpAnswer,
  type Intervention,
  instead,
  type ProxiedOperation,
  refusal,
} from '../helpers/http-proxy.js';

const places = [newObject, middle, last];

/** Those where the object exists before the chunk. */
const laterPlaces = [oldObject, middle, last];
const everyTime = { times: 99 };
const internalError = refusal(500, 'InternalError');

/** What somebody else does to the object. */
type Deed = (stage: Stage, place: Place) => Promise<unknown>;

const seals: Deed = ({ emulator }, place) => sealAt(emulator, contentBefore(place).length);
const sealsBehindChunk: Deed = ({ emulator }, place) =>
  sealAt(emulator, contentBefore(place).length + chunkAt(place).length);
const deletes: Deed = ({ emulator }) => send(emulator, { method: 'DELETE', key });

function sealAt(emulator: Stage['emulator'], position: number) {
  const query = { seal: '', position: String(position) };
  return send(emulator, { method: 'POST', key, query });
}

/** Puts an appendable object in the place of this one. */
const replacesBy =
  (content: (place: Place) => string): Deed =>
  async (stage, place) => {
    await deletes(stage, place);
    await append(stage.emulator, key, 0, content(place));
  };

/** Appends where our chunk belongs. */
const appends =
  (content: (place: Place) => string): Deed =>
  ({ emulator }, place) =>
    append(emulator, key, contentBefore(place).length, content(place));

/** Appends behind our chunk. */
const appendsBehind: Deed = ({ emulator }, place) =>
  append(emulator, key, contentBefore(place).length + chunkAt(place).length, 'zz');

/** The first `length` bytes of the chunk get through: a shortened append with a new signature. */
const storesPart = (length: number): Deed => appends((place) => chunkAt(place).slice(0, length));

/** Something happens instead of the append, which then ends as `ending` says. */
function happens(stage: Stage, place: Place, deed: Deed, ending: Ending = 'reset'): void {
  stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ readBody }) => {
    await readBody();
    await deed(stage, place);
    return ending;
  });
}

/** The append is stored, then something happens, then it ends as `ending` says. */
function happensAfter(stage: Stage, place: Place, deed: Deed, ending: Ending = 'reset'): void {
  stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ forward }) => {
    await forward();
    await deed(stage, place);
    return ending;
  });
}

/** The append arrives only when `land()` is called, while the stream takes it for lost. */
function arrivesLate(stage: Stage, { nth }: Place) {
  let arrive = async (): Promise<unknown> => undefined;
  stage.proxy.intercept(
    { operation: 'append', nth },
    async ({ readBody, forward }): Promise<Ending> => {
      await readBody();
      arrive = forward;
      return 'reset';
    },
  );
  return { land: () => arrive() };
}

function count({ proxy }: Stage, operation: ProxiedOperation): number {
  return proxy.requests.filter((request) => request.operation === operation).length;
}

const nothing: Deed = async () => {};

describe.each(places)('at $place', (place) => {
  const { base } = place;
  const position = contentBefore(place).length;
  const byteLength = chunkAt(place).length;

  test('nothing came: not-committed, and the same bytes are sent again', async () => {
    const stage = await setStage(base);
    happens(stage, place, nothing, internalError);

    expect(await deliver(stage)).toEqual(
      delivered({ base, retries: 1, attempts: 4, reconciles: ['not-committed'] }),
    );
    const sent = stage.proxy.requests.filter(({ operation }) => operation === 'append');
    expect(sent.filter((request) => request.position === position)).toHaveLength(2);
  });

  test('the chunk came: committed, and it is not sent again', async () => {
    const stage = await setStage(base);
    happensAfter(stage, place, nothing);

    expect(await deliver(stage)).toEqual(delivered({ base, reconciles: ['committed'] }));
    expect(count(stage, 'append')).toBe(3);
    expect(count(stage, 'get')).toBe(0);
  });

  test('the chunk came and somebody sealed: committed', async () => {
    const stage = await setStage(base);
    happensAfter(stage, place, sealsBehindChunk);
    const delivery = await deliver(stage);

    expect(delivery.reconciles).toEqual(['committed']);
    expect(delivery.bytesWritten).toBe(position - base.length + byteLength);
    expect(delivery.error).toEqual(
      place === last ? undefined : expect.objectContaining({ code: 'APPEND_ERR_NOT_APPENDABLE' }),
    );
    expect(delivery.uncommitted?.confirmed).toBe(place === last ? undefined : true);
  });

  describe('a part of the chunk came: partial', () => {
    test.each([
      { scenario: 'its first byte', length: 1 },
      { scenario: 'all but its last byte', length: byteLength - 1 },
    ])('and only the rest is sent: $scenario', async ({ length }) => {
      const stage = await setStage(base);
      happens(stage, place, storesPart(length));

      expect(await deliver(stage)).toEqual(
        delivered({ base, attempts: 4, reconciles: ['partial'] }),
      );
      const resent = stage.proxy.requests.filter(({ operation }) => operation === 'append')[
        place.nth
      ];
      expect(resent?.position).toBe(position + length);
      expect(resent?.headers['content-length']).toBe(String(byteLength - length));
    });

    test('and the budget starts afresh, byte by byte', async () => {
      const stage = await setStage(base);
      stage.proxy.intercept(
        { operation: 'append', nth: place.nth, times: byteLength },
        async (exchange): Promise<Ending> => {
          const body = await exchange.readBody();
          await append(stage.emulator, key, exchange.position ?? 0, body.subarray(0, 1));
          return 'reset';
        },
      );
      const delivery = await deliver(stage, { retry: { retries: 0 } });

      expect(delivery).toEqual(
        delivered({
          ...{ base, attempts: 2 + byteLength },
          reconciles: [...Array(byteLength - 1).fill('partial'), 'committed'],
        }),
      );
    });

    test('and giving up on the rest hands back the rest alone', async () => {
      const stage = await setStage(base);
      happens(stage, place, storesPart(1));
      const next = { operation: 'append', nth: place.nth + 1, ...everyTime } as const;
      stage.proxy.intercept(next, instead(internalError));
      const delivery = await deliver(stage);

      const rest = 'aaaabbbbcc'.slice(position - base.length + 1);
      expect(delivery).toMatchObject({
        error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', position: position + 1 },
        ...{ object: contentBefore(place) + chunkAt(place).slice(0, 1), position: position + 1 },
        uncommitted: { key, position: position + 1, bytes: rest, confirmed: true },
        reconciles: ['partial', 'not-committed', 'not-committed', 'not-committed'],
      });
    });
  });

  interface Divergence {
    readonly scenario: string;
    readonly deed: Deed;
    readonly actualLength: number;
    readonly object: string;
    readonly because?: string;
    readonly isLater?: true;
  }

  const other = 'z'.repeat(byteLength);
  const foreign = 'its CRC-64 is not ours';
  const divergences: Divergence[] = [
    {
      scenario: 'as many bytes of a stranger',
      deed: appends(() => other),
      ...{ actualLength: position + byteLength, object: contentBefore(place) + other },
      because: foreign,
    },
    {
      scenario: 'fewer bytes of a stranger',
      deed: appends(() => 'z'),
      ...{ actualLength: position + 1, object: `${contentBefore(place)}z`, because: foreign },
    },
    {
      scenario: 'more bytes of a stranger',
      deed: appends(() => `${other}z`),
      ...{ actualLength: position + byteLength + 1, object: `${contentBefore(place)}${other}z` },
    },
    {
      scenario: 'another object of our length before the chunk',
      deed: replacesBy(() => 'z'.repeat(position)),
      ...{ actualLength: position, object: 'z'.repeat(position), because: foreign, isLater: true },
    },
    {
      scenario: 'another object of our length behind the chunk',
      deed: replacesBy(() => 'z'.repeat(position + byteLength)),
      actualLength: position + byteLength,
      ...{ object: 'z'.repeat(position + byteLength), because: foreign, isLater: true },
    },
    {
      scenario: 'our chunk behind other bytes',
      deed: replacesBy((at) => 'z'.repeat(position) + chunkAt(at)),
      actualLength: position + byteLength,
      ...{ object: 'z'.repeat(position) + chunkAt(place), because: foreign, isLater: true },
    },
    {
      scenario: 'a shorter object',
      deed: replacesBy(() => 'a'),
      ...{ actualLength: 1, object: 'a', isLater: true },
    },
  ];
  const applicable = divergences.filter(({ isLater }) => place !== newObject || !isLater);

  test.each(applicable)(
    'diverged, and ours may lie under it, behind a lost answer: $scenario',
    async ({ deed, actualLength, object, because = `${actualLength} bytes long` }) => {
      const stage = await setStage(base);
      happens(stage, place, deed);

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: {
            ...{ code: 'APPEND_ERR_DIVERGED', key, position, actualLength },
            message: expect.stringMatching(new RegExp(`${because}$`)),
          },
          ...{ confirmed: false, reconciles: ['diverged'], object },
        }),
      );
    },
  );

  test.each(applicable)(
    'diverged, and ours is certainly not in it, when a 409 was the first answer: $scenario',
    async ({ deed, actualLength, object }) => {
      const stage = await setStage(base);
      happens(stage, place, deed, refusal(409, 'PositionNotEqualToLength'));

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength },
          ...{ confirmed: true, reconciles: ['diverged'], object },
        }),
      );
    },
  );

  test('diverged when somebody wrote behind our chunk before we asked', async () => {
    const stage = await setStage(base);
    happensAfter(stage, place, appendsBehind);

    expect(await deliver(stage)).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_DIVERGED', position, actualLength: position + byteLength + 2 },
        ...{ confirmed: false, reconciles: ['diverged'] },
        object: `${contentBefore(place)}${chunkAt(place)}zz`,
      }),
    );
  });

  describe('with write-only credentials', () => {
    const refusals = [
      { since: 'from the start', first: 1 },
      { since: 'from mid-stream on', first: 2 },
    ];

    /** A stage on which HEAD is refused from the `first` one on. */
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

    const healed: Row[] = [
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
        scenario: 'a part that came',
        act: (stage) => happens(stage, place, storesPart(1)),
        effort: { attempts: 4, reconciles: ['partial'] },
      },
    ];

    test.each(refusals.flatMap((refused) => healed.map((row) => ({ ...refused, ...row }))))(
      'an append of nothing settles $scenario: HEAD refused $since',
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
          ...{ ...row, ...refused, end: 'a 409', confirmed: true },
          ending: refusal(409, 'PositionNotEqualToLength') as Ending,
        },
      ]),
    );

    test.each(strangers)(
      'a stranger with $scenario is noticed behind $end: HEAD refused $since',
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
              ...{ key, position, actualLength: position + content.length },
            },
            ...{ confirmed, reconciles: ['diverged'], object: contentBefore(place) + content },
          }),
        );
      },
    );

    test.each(refusals)(
      'nothing but unconfirmed is left when appends are refused too: HEAD refused $since',
      async ({ first }) => {
        const stage = await writeOnlyStage(first);
        happensAfter(stage, place, nothing);
        // Opening asks that way too: once, and once more where there was an object.
        const nth = first > 1 ? 1 : base === '' ? 2 : 3;
        stage.proxy.intercept(
          { operation: 'empty-append', nth, ...everyTime },
          instead(refusal(403, 'AccessDenied')),
        );

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: {
              ...{ code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
              cause: { code: 'APPEND_ERR_SERVICE', ossCode: 'AccessDenied' },
            },
            ...{ confirmed: false, object: contentBefore(place) + chunkAt(place) },
          }),
        );
      },
    );

    const writeOnlyRefusals = place === newObject ? [] : refusals;
    test.for(writeOnlyRefusals)(
      'an object deleted behind a lost answer is not recreated: HEAD refused $since',
      async ({ first }) => {
        const stage = await writeOnlyStage(first);
        happensAfter(stage, place, deletes);

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength: 0 },
            ...{ confirmed: false, reconciles: ['diverged'], object: undefined },
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
            ...{ confirmed: true, reconciles: ['diverged'], object: undefined },
          }),
        );
      },
    );

    test.for(writeOnlyRefusals)(
      'a sealed object is named as such: HEAD refused $since',
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
      'nobody can tell what was sealed behind a lost answer: HEAD refused $since',
      async ({ first }) => {
        const stage = await writeOnlyStage(first);
        happensAfter(stage, place, sealsBehindChunk);

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: {
              ...{ code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
              cause: { code: 'APPEND_ERR_NOT_APPENDABLE' },
            },
            ...{ confirmed: false, object: contentBefore(place) + chunkAt(place) },
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
    ])('$scenario, a lost answer is settled all the same', async ({ operation, gets }) => {
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
    ])('$scenario, the length says that nothing came', async ({ operation }) => {
      const stage = await setStage(base);
      stage.emulator.faults.add({ kind: 'hide-crc', ...(operation && { operation }) });
      happens(stage, place, nothing, internalError);

      expect(await deliver(stage)).toEqual(
        delivered({ base, retries: 1, attempts: 4, reconciles: ['not-committed'] }),
      );
      expect(count(stage, 'get')).toBe(0);
    });

    /** A stage whose store never tells a checksum. */
    async function silentStage(): Promise<Stage> {
      const stage = await setStage(base);
      stage.emulator.faults.add({ kind: 'hide-crc', operation: 'head' });
      stage.emulator.faults.add({ kind: 'hide-crc', operation: 'append' });
      return stage;
    }

    test('a part that came is found by reading it back', async () => {
      const stage = await silentStage();
      happens(stage, place, storesPart(1));

      expect(await deliver(stage)).toEqual(
        delivered({ base, attempts: 4, reconciles: ['partial'] }),
      );
      expect(count(stage, 'get')).toBe(1);
    });

    test('as many bytes of a stranger are found by reading them back', async () => {
      const stage = await silentStage();
      happens(
        stage,
        place,
        appends(() => other),
      );

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_DIVERGED', actualLength: position + byteLength },
          ...{ confirmed: false, reconciles: ['diverged'], object: contentBefore(place) + other },
        }),
      );
    });

    test('reading back refused leaves the chunk unconfirmed', async () => {
      const stage = await silentStage();
      stage.emulator.faults.add({ kind: 'forbid', operation: 'get' });
      happensAfter(stage, place, nothing);

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: {
            ...{ code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
            cause: { code: 'APPEND_ERR_SERVICE', ossCode: 'AccessDenied' },
          },
          ...{ confirmed: false, object: contentBefore(place) + chunkAt(place) },
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

    test.each(failedReads)('reading back is tried again after $scenario', async (row) => {
      const stage = await silentStage();
      happensAfter(stage, place, nothing);
      stage.proxy.intercept({ operation: 'get', nth: 1 }, row.intervention);

      expect(await deliver(stage)).toEqual(
        delivered({ base, retries: 1, reconciles: ['committed'] }),
      );
      expect(count(stage, 'get')).toBe(2);
    });
  });

  describe('a failed probe is a failure of its own', () => {
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
        { scenario: 'a timeout', ending: 'silence', options: { requestTimeout: 200 } },
      ];

    test.each(probes)('and asked again: $scenario twice', async ({ ending, options }) => {
      const stage = await setStage(base);
      happensAfter(stage, place, nothing);
      stage.proxy.intercept({ operation: 'head', nth: 2, times: 2 }, instead(ending));

      expect(await deliver(stage, options)).toEqual(
        delivered({ base, retries: 2, reconciles: ['committed'] }),
      );
    });

    test.each(probes.filter(({ options }) => options === undefined))(
      'and leaves the chunk unconfirmed, with nothing sent: $scenario every time',
      async ({ ending }) => {
        const stage = await setStage(base);
        happens(stage, place, nothing);
        stage.proxy.intercept({ operation: 'head', nth: 2, ...everyTime }, instead(ending));

        expect(await deliver(stage)).toMatchObject(
          gaveUp(place, {
            error: { code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
            ...{ confirmed: false, retries: 2 },
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
    ])('and ends the stream unconfirmed when it is pointless: $scenario', async ({ answer }) => {
      const stage = await setStage(base);
      happensAfter(stage, place, nothing);
      stage.proxy.intercept({ operation: 'head', nth: 2 }, instead(answer));

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', position, cause: { status: answer.status } },
          ...{ confirmed: false, object: contentBefore(place) + chunkAt(place) },
        }),
      );
    });

    test('also where it is an append of nothing', async () => {
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

  describe('what a HEAD cannot prove', () => {
    test('an append without an answer lands after the stream gave up: unconfirmed', async () => {
      const stage = await setStage(base);
      const { land } = arrivesLate(stage, place);
      const later = { operation: 'append', nth: place.nth + 1, ...everyTime } as const;
      stage.proxy.intercept(later, instead(internalError));
      const delivery = await deliver(stage);

      expect(delivery).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
          ...{ confirmed: false, retries: 2, attempts: 3 },
          reconciles: Array(4).fill('not-committed'),
        }),
      );
      await land();
      expect(String(await stage.emulator.read('examplebucket', key))).toBe(
        contentBefore(place) + chunkAt(place),
      );
    });

    test('it never moves: every attempt names the same position', async () => {
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

    test('it lands before the resend: committed once', async () => {
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

    test('it lands under the resend: committed once', async () => {
      const stage = await setStage(base);
      const { land } = arrivesLate(stage, place);
      stage.proxy.intercept({ operation: 'append', nth: place.nth + 1 }, async ({ forward }) => {
        await land();
        return forward();
      });

      expect(await deliver(stage)).toEqual(
        delivered({
          ...{ base, retries: 1, attempts: 4 },
          reconciles: ['not-committed', 'not-committed', 'committed'],
        }),
      );
    });

    test('the last question failed: unconfirmed, although every append was answered', async () => {
      const stage = await setStage(base);
      happens(stage, place, nothing, internalError);
      stage.proxy.intercept({ operation: 'head', nth: 2, ...everyTime }, instead('reset'));

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_UNCONFIRMED', key, position, byteLength },
          ...{ confirmed: false, retries: 2 },
        }),
      );
    });

    test('every attempt was answered or never left: certainly not stored', async () => {
      const stage = await setStage(base);
      const answers = [internalError, refusal(400, 'IncompleteBody'), refusal(503, 'SlowDown')];
      for (const [index, answer] of answers.entries()) {
        stage.proxy.intercept({ operation: 'append', nth: place.nth + index }, instead(answer));
      }

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', key, position, attempts: 3 },
          ...{ confirmed: true, retries: 2, attempts: 3 },
          reconciles: ['not-committed', 'not-committed'],
        }),
      );
    });
  });

  describe('when to ask', () => {
    test.each([
      ...['eof', 'reset'].map((ending) => ({ scenario: ending, ending: ending as Ending })),
      { scenario: '502', ending: { status: 502 } },
    ])('at once after a lost answer, and again after the backoff: $scenario', async (row) => {
      const stage = await setStage(base);
      happens(stage, place, nothing, row.ending);
      const stream = openThrough(stage);
      const heads: number[] = [];
      stream.on('retry', () => heads.push(count(stage, 'head')));
      const delivery = await finish(stage, stream);

      expect(delivery).toEqual(
        delivered({
          ...{ base, retries: 1, attempts: 4 },
          reconciles: ['not-committed', 'not-committed'],
        }),
      );
      expect(heads).toEqual([2]);
      expect(count(stage, 'head')).toBe(3);
    });

    test.each([429, 503].map((status) => ({ scenario: String(status), status })))(
      'only after the backoff: $scenario',
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

describe.each(laterPlaces)('where the object exists, at $place', (place) => {
  const { base } = place;
  const position = contentBefore(place).length;

  test.each([
    { scenario: 'HEAD says NoSuchKey', answer: undefined },
    { scenario: 'HEAD says 404 without a document', answer: { ...refusal(404, ''), body: '' } },
  ])('a missing object is diverged and not recreated: $scenario', async ({ answer }) => {
    const stage = await setStage(base);
    happens(stage, place, deletes);
    if (answer) stage.proxy.intercept({ operation: 'head', nth: 2 }, instead(answer));

    expect(await deliver(stage)).toMatchObject(
      gaveUp(place, {
        error: {
          ...{ code: 'APPEND_ERR_DIVERGED', key, position, actualLength: 0 },
          message: expect.stringMatching(/the object is 0 bytes long$/),
        },
        ...{ confirmed: false, reconciles: ['diverged'], object: undefined },
      }),
    );
  });

  const normalOfSameContent: Deed = async ({ emulator }, at) => {
    await send(emulator, { method: 'DELETE', key });
    await send(emulator, { method: 'PUT', key, body: contentBefore(at) });
  };

  const unappendable = [
    { scenario: 'sealed', deed: seals, objectType: 'Appendable' },
    { scenario: 'Normal with the same bytes', deed: normalOfSameContent, objectType: 'Normal' },
  ];

  test.each(unappendable)('not-appendable behind a lost append: $scenario', async (row) => {
    const stage = await setStage(base);
    happens(stage, place, row.deed);

    expect(await deliver(stage)).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_NOT_APPENDABLE', key, objectType: row.objectType },
        ...{ confirmed: false, reconciles: ['not-appendable'] },
      }),
    );
  });

  // OSS answered, and HEAD shows the object without the chunk: it is not there and cannot come.
  test.each(unappendable)(
    'not-appendable, and certainly without the chunk, behind an answered failure: $scenario',
    async (row) => {
      const stage = await setStage(base);
      happens(stage, place, row.deed, internalError);

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_NOT_APPENDABLE', key, objectType: row.objectType },
          ...{ confirmed: true, retries: 1, reconciles: ['not-appendable'] },
        }),
      );
    },
  );

  test('a Normal object of other bytes is diverged, whatever its kind', async () => {
    const stage = await setStage(base);
    happens(stage, place, async ({ emulator }) => {
      await send(emulator, { method: 'PUT', key, body: 'z'.repeat(position) });
    });

    expect(await deliver(stage)).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength: position },
        ...{ confirmed: false, reconciles: ['diverged'], object: 'z'.repeat(position) },
      }),
    );
  });

  test('a Normal object that holds our chunk too is committed, then refused', async () => {
    const stage = await setStage(base);
    happensAfter(stage, place, async ({ emulator }) => {
      const body = contentBefore(place) + chunkAt(place);
      await send(emulator, { method: 'PUT', key, body });
    });
    const delivery = await deliver(stage);

    expect(delivery.reconciles).toEqual(['committed']);
    expect(delivery.bytesWritten).toBe(position - base.length + chunkAt(place).length);
    expect(delivery.error).toEqual(
      place === last ? undefined : expect.objectContaining({ code: 'APPEND_ERR_NOT_APPENDABLE' }),
    );
  });

  test('a checksum that only the opening lacked is found again', async () => {
    const stage = await setStage(base);
    stage.emulator.faults.add({ kind: 'hide-crc', operation: 'head', nth: 1 });
    happensAfter(stage, place, nothing);

    expect(await deliver(stage)).toEqual(delivered({ base, reconciles: ['committed'] }));
    expect(count(stage, 'get')).toBe(place === oldObject ? 1 : 0);
  });
});

test('a missing object is not-committed where nothing was before it', async () => {
  const stage = await setStage();
  happensAfter(stage, newObject, deletes, internalError);

  expect(await deliver(stage)).toEqual(
    delivered({ retries: 1, attempts: 4, reconciles: ['not-committed'] }),
  );
});

describe('an empty chunk', () => {
  /** What happens to the append that creates an empty object. */
  async function endEmpty(
    stage: Stage,
    intervention: Intervention,
    options: Partial<AppendWritableOptions> & { times?: number } = {},
  ) {
    const { times = 1, ...rest } = options;
    stage.proxy.intercept({ operation: 'empty-append', nth: 1, times }, intervention);
    return deliver(stage, rest, []);
  }

  const created = {
    ...{ error: undefined, object: '', bytesWritten: 0, position: 0, uncommitted: undefined },
    ...{ acknowledged: '', attempts: 1, retries: 0, reconciles: [] },
  };

  test('that was answered has created the object', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, ({ forward }) => forward())).toEqual(created);
  });

  test('is not sent where there is an object', async () => {
    const stage = await setStage('old.');

    expect(await deliver(stage, {}, [])).toEqual({
      ...created,
      ...{ object: 'old.', position: 4, attempts: 0 },
    });
    expect(count(stage, 'empty-append')).toBe(0);
  });

  test('is committed when it exists behind a lost answer', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, afterwards('reset'))).toEqual({
      ...created,
      reconciles: ['committed'],
    });
  });

  test('is committed when it exists behind 500', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, afterwards(internalError))).toEqual({
      ...created,
      ...{ retries: 1, reconciles: ['committed'] },
    });
  });

  test('is not-committed when nothing is there, and sent again', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, instead('reset'))).toEqual({
      ...created,
      ...{ attempts: 2, retries: 1, reconciles: ['not-committed', 'not-committed'] },
    });
  });

  test('is committed when somebody else created it, empty', async () => {
    const stage = await setStage();
    const delivery = await endEmpty(stage, async ({ readBody }): Promise<Ending> => {
      await readBody();
      await append(stage.emulator, key, 0, '');
      return 'reset';
    });

    expect(delivery).toEqual({ ...created, reconciles: ['committed'] });
  });

  test('is committed when it exists and is sealed', async () => {
    const stage = await setStage();
    const delivery = await endEmpty(stage, async ({ forward }): Promise<Ending> => {
      await forward();
      await sealAt(stage.emulator, 0);
      return 'reset';
    });

    expect(delivery).toEqual({ ...created, reconciles: ['committed'] });
  });

  test('has diverged when somebody else wrote there', async () => {
    const stage = await setStage();
    const delivery = await endEmpty(stage, async ({ forward }) => {
      await append(stage.emulator, key, 0, 'zz');
      return forward();
    });

    expect(delivery).toMatchObject({
      error: { code: 'APPEND_ERR_DIVERGED', key, position: 0, actualLength: 2 },
      ...{ object: 'zz', uncommitted: undefined, reconciles: ['diverged'], retries: 0 },
    });
  });

  test('is unconfirmed when every answer is lost and nothing was stored', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, instead('reset'), everyTime)).toMatchObject({
      error: { code: 'APPEND_ERR_UNCONFIRMED', key, position: 0, byteLength: 0 },
      ...{ object: undefined, uncommitted: undefined, retries: 2, attempts: 3 },
    });
  });

  test('is settled without checksums, and nothing is read', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'hide-crc' });

    expect(await endEmpty(stage, afterwards('reset'))).toEqual({
      ...created,
      reconciles: ['committed'],
    });
    expect(count(stage, 'get')).toBe(0);
  });

  test('is settled by another one where HEAD is refused since', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'forbid', operation: 'head', nth: 2, times: 99 });

    expect(await endEmpty(stage, instead('reset'))).toEqual({
      ...created,
      reconciles: ['committed'],
    });
  });

  test('has been created by opening where HEAD is refused', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'forbid', operation: 'head' });

    expect(await deliver(stage, {}, [])).toEqual({ ...created, attempts: 0 });
    expect(count(stage, 'empty-append')).toBe(1);
  });
});

describe('opening with write-only credentials', () => {
  /** HEAD is refused. */
  async function writeOnlyStage(base = ''): Promise<Stage> {
    const stage = await setStage(base);
    stage.emulator.faults.add({ kind: 'forbid', operation: 'head' });
    return stage;
  }

  test.each([
    { scenario: 'a new object', base: '' },
    { scenario: 'an object that exists', base: 'old.' },
  ])('finds the end of $scenario', async ({ base }) => {
    const stage = await writeOnlyStage(base);

    expect(await deliver(stage)).toEqual(delivered({ base }));
  });

  test.each([
    { scenario: 'an undecodable 403', answer: { ...refusal(403, ''), body: '' } },
    { scenario: '403 AccessDenied', answer: refusal(403, 'AccessDenied') },
  ])('takes $scenario for want of a permission', async ({ answer }) => {
    const stage = await setStage('old.');
    stage.proxy.intercept({ operation: 'head', nth: 1, ...everyTime }, instead(answer));

    expect(await deliver(stage)).toEqual(delivered({ base: 'old.' }));
  });

  test.each([
    { scenario: 'at opening', first: 1, stored: true },
    { scenario: 'after a lost append', first: 2, stored: false },
  ])('dresses an object that the probe creates, $scenario', async ({ first, stored }) => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'forbid', operation: 'head', nth: first, times: 1 });
    if (!stored) happens(stage, newObject, nothing);
    await deliver(stage, { contentType: 'text/x-log', metadata: { team: 'ops' } });

    const probes = stage.proxy.requests.filter(({ operation }) => operation === 'empty-append');
    const dressed = probes.filter(({ headers }) => headers['content-type'] === 'text/x-log');
    expect(dressed.map((probe) => probe.position)).toContain(0);
    const { headers } = await send(stage.emulator, { method: 'HEAD', key });
    expect(headers).toMatchObject({ 'content-type': 'text/x-log', 'x-oss-meta-team': 'ops' });
  });

  test.each([
    { scenario: 'a lost answer', ending: 'reset' as Ending },
    { scenario: '500', ending: internalError as Ending },
    { scenario: '502', ending: { status: 502 } as Ending },
    { scenario: '200 without a next position', ending: refusal(200, '') as Ending },
  ])('asks again after $scenario', async ({ ending }) => {
    const stage = await writeOnlyStage();
    stage.proxy.intercept({ operation: 'empty-append', nth: 1 }, afterwards(ending));

    expect(await deliver(stage)).toEqual(delivered({ retries: 1 }));
  });

  test('is refused where appending is refused too', async () => {
    const stage = await writeOnlyStage();
    stage.emulator.faults.add({ kind: 'forbid', operation: 'append' });

    expect(await deliver(stage)).toMatchObject({
      error: { code: 'APPEND_ERR_SERVICE', status: 403, ossCode: 'AccessDenied' },
      ...{ object: undefined, position: undefined, retries: 0, attempts: 0 },
      uncommitted: { position: undefined, bytes: 'aaaabbbbcc', confirmed: true },
    });
  });

  test.each([
    { scenario: 'sealed', deed: (stage: Stage) => seals(stage, oldObject), object: 'old.' },
    {
      scenario: 'Normal',
      deed: ({ emulator }: Stage) => send(emulator, { method: 'PUT', key, body: 'normal' }),
      object: 'normal',
    },
  ])('is refused where the object is $scenario', async ({ deed, object }) => {
    const stage = await writeOnlyStage('old.');
    await deed(stage);

    expect(await deliver(stage)).toMatchObject({
      error: { code: 'APPEND_ERR_NOT_APPENDABLE', key },
      ...{ object, position: undefined, retries: 0, attempts: 0 },
      uncommitted: { position: undefined, confirmed: true },
    });
  });

  test.each([
    { scenario: 'the length it has', position: 4, error: undefined },
    {
      scenario: 'a shorter one',
      position: 3,
      error: { code: 'APPEND_ERR_DIVERGED', position: 3, actualLength: 4 },
    },
    {
      scenario: 'a longer one',
      position: 5,
      error: { code: 'APPEND_ERR_DIVERGED', position: 5, actualLength: 4 },
    },
  ])('honours a position that demands $scenario', async ({ position, error }) => {
    const stage = await writeOnlyStage('old.');

    expect(await deliver(stage, { position })).toMatchObject({
      ...{ error, object: error === undefined ? 'old.aaaabbbbcc' : 'old.' },
    });
  });

  test.each([
    { scenario: 'there is none', base: '' },
    { scenario: 'there is one', base: 'old.' },
  ])(
    "says that flags: 'ax' cannot be honoured, and creates nothing: $scenario",
    async ({ base }) => {
      const stage = await writeOnlyStage(base);

      expect(await deliver(stage, { flags: 'ax' })).toMatchObject({
        error: {
          ...{ code: 'APPEND_ERR_SERVICE', status: 403, ossCode: 'AccessDenied' },
          message:
            'Cannot open "a.log" with flags \'ax\': HEAD is forbidden, and without it nobody can tell whether the object exists',
        },
        ...{ object: base === '' ? undefined : base, position: undefined, retries: 0 },
        uncommitted: { position: undefined, bytes: 'aaaabbbbcc', confirmed: true },
      });
      expect(count(stage, 'empty-append')).toBe(0);
    },
  );
});

test('an answer to HEAD that a proxy compressed is believed for its next position', async () => {
  const stage = await setStage('old.');
  const changed = ({ headers, ...truth }: HttpAnswer): HttpAnswer => ({
    ...truth,
    headers: { ...headers, 'content-length': '99' },
  });
  stage.proxy.intercept({ operation: 'head', nth: 1, ...everyTime }, afterwards(changed));
  happensAfter(stage, middle, nothing);

  expect(await deliver(stage)).toEqual(delivered({ base: 'old.', reconciles: ['committed'] }));
});
