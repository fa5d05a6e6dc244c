import { describe, expect, test } from 'vitest';
import { append } from '../emulator/signed-request.js';
import {
  chunkAt,
  contentBefore,
  deliver,
  delivered,
  gaveUp,
  key,
  last,
  newObject,
  setStage,
} from '../helpers/delivery.js';
import { type Ending, instead, refusal } from '../helpers/http-proxy.js';
import {
  appends,
  appendsBehind,
  count,
  type Deed,
  everyTime,
  happens,
  happensAfter,
  internalError,
  nothing,
  places,
  replacesBy,
  sealsBehindChunk,
  storesPart,
} from './reconcile-table-setup.js';

describe.each(places)('at $place', (place) => {
  const { base } = place;
  const position = contentBefore(place).length;
  const byteLength = chunkAt(place).length;

  test('a chunk that was not stored is not-committed, and the same bytes are sent again', async () => {
    const stage = await setStage(base);
    happens(stage, place, nothing, internalError);

    expect(await deliver(stage)).toEqual(
      delivered({ base, retries: 1, attempts: 4, reconciles: ['not-committed'] }),
    );
    const sent = stage.proxy.requests.filter(({ operation }) => operation === 'append');
    expect(sent.filter((request) => request.position === position)).toHaveLength(2);
  });

  test('a stored chunk is committed and not sent again', async () => {
    const stage = await setStage(base);
    happensAfter(stage, place, nothing);

    expect(await deliver(stage)).toEqual(delivered({ base, reconciles: ['committed'] }));
    expect(count(stage, 'append')).toBe(3);
    expect(count(stage, 'get')).toBe(0);
  });

  test('a stored chunk is committed even when the object was sealed after it', async () => {
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

  describe('a partly stored chunk', () => {
    test.each([
      { scenario: 'its first byte', length: 1 },
      { scenario: 'all but its last byte', length: byteLength - 1 },
    ])('is partial, and only the rest is sent: $scenario', async ({ length }) => {
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

    test('gets a new retry budget with each byte stored', async () => {
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
          base,
          attempts: 2 + byteLength,
          reconciles: [...Array(byteLength - 1).fill('partial'), 'committed'],
        }),
      );
    });

    test('is handed back without the stored part when the stream gives up', async () => {
      const stage = await setStage(base);
      happens(stage, place, storesPart(1));
      const next = { operation: 'append', nth: place.nth + 1, ...everyTime } as const;
      stage.proxy.intercept(next, instead(internalError));
      const delivery = await deliver(stage);

      const rest = 'aaaabbbbcc'.slice(position - base.length + 1);
      expect(delivery).toMatchObject({
        error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', position: position + 1 },
        object: contentBefore(place) + chunkAt(place).slice(0, 1),
        position: position + 1,
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
      scenario: 'as many bytes of another writer',
      deed: appends(() => other),
      actualLength: position + byteLength,
      object: contentBefore(place) + other,
      because: foreign,
    },
    {
      scenario: 'fewer bytes of another writer',
      deed: appends(() => 'z'),
      actualLength: position + 1,
      object: `${contentBefore(place)}z`,
      because: foreign,
    },
    {
      scenario: 'more bytes of another writer',
      deed: appends(() => `${other}z`),
      actualLength: position + byteLength + 1,
      object: `${contentBefore(place)}${other}z`,
    },
    {
      scenario: 'another object, as long as ours before the chunk',
      deed: replacesBy(() => 'z'.repeat(position)),
      actualLength: position,
      object: 'z'.repeat(position),
      because: foreign,
      isLater: true,
    },
    {
      scenario: 'another object, as long as ours after the chunk',
      deed: replacesBy(() => 'z'.repeat(position + byteLength)),
      actualLength: position + byteLength,
      object: 'z'.repeat(position + byteLength),
      because: foreign,
      isLater: true,
    },
    {
      scenario: 'our chunk after other bytes',
      deed: replacesBy((at) => 'z'.repeat(position) + chunkAt(at)),
      actualLength: position + byteLength,
      object: 'z'.repeat(position) + chunkAt(place),
      because: foreign,
      isLater: true,
    },
    {
      scenario: 'a shorter object',
      deed: replacesBy(() => 'a'),
      actualLength: 1,
      object: 'a',
      isLater: true,
    },
  ];
  const applicable = divergences.filter(({ isLater }) => place !== newObject || !isLater);

  test.each(applicable)(
    'the object is diverged and the chunk unconfirmed after a lost answer: $scenario',
    async ({ deed, actualLength, object, because = `${actualLength} bytes long` }) => {
      const stage = await setStage(base);
      happens(stage, place, deed);

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: {
            code: 'APPEND_ERR_DIVERGED',
            key,
            position,
            actualLength,
            message: expect.stringMatching(new RegExp(`${because}$`)),
          },
          confirmed: false,
          reconciles: ['diverged'],
          object,
        }),
      );
    },
  );

  test.each(applicable)(
    'the object is diverged and the chunk confirmed as not stored after a first 409: $scenario',
    async ({ deed, actualLength, object }) => {
      const stage = await setStage(base);
      happens(stage, place, deed, refusal(409, 'PositionNotEqualToLength'));

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength },
          confirmed: true,
          reconciles: ['diverged'],
          object,
        }),
      );
    },
  );

  test('the object is diverged when another writer appended after our chunk before the HEAD', async () => {
    const stage = await setStage(base);
    happensAfter(stage, place, appendsBehind);

    expect(await deliver(stage)).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_DIVERGED', position, actualLength: position + byteLength + 2 },
        confirmed: false,
        reconciles: ['diverged'],
        object: `${contentBefore(place)}${chunkAt(place)}zz`,
      }),
    );
  });
});
