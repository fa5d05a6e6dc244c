import { describe, expect, test } from 'vitest';
import type { AppendWritableOptions } from '../../src/index.js';
import { append, send } from '../emulator/signed-request.js';
import {
  chunkAt,
  contentBefore,
  deliver,
  delivered,
  gaveUp,
  key,
  last,
  middle,
  newObject,
  oldObject,
  type Stage,
  setStage,
} from '../helpers/delivery.js';
import {
  afterwards,
  type Ending,
  type HttpAnswer,
  type Intervention,
  instead,
  refusal,
} from '../helpers/http-proxy.js';
import {
  count,
  type Deed,
  deletes,
  everyTime,
  happens,
  happensAfter,
  internalError,
  laterPlaces,
  nothing,
  sealAt,
  seals,
} from './reconcile-table-setup.js';

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
          code: 'APPEND_ERR_DIVERGED',
          key,
          position,
          actualLength: 0,
          message: expect.stringMatching(/the object is 0 bytes long$/),
        },
        confirmed: false,
        reconciles: ['diverged'],
        object: undefined,
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

  test.each(unappendable)(
    'a lost append ends as not-appendable when the object is $scenario',
    async (row) => {
      const stage = await setStage(base);
      happens(stage, place, row.deed);

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_NOT_APPENDABLE', key, objectType: row.objectType },
          confirmed: false,
          reconciles: ['not-appendable'],
        }),
      );
    },
  );

  // OSS answered, and HEAD shows the object without the chunk: it cannot appear later.
  test.each(unappendable)(
    'an answered failure ends as not-appendable, confirmed as not stored, when the object is $scenario',
    async (row) => {
      const stage = await setStage(base);
      happens(stage, place, row.deed, internalError);

      expect(await deliver(stage)).toMatchObject(
        gaveUp(place, {
          error: { code: 'APPEND_ERR_NOT_APPENDABLE', key, objectType: row.objectType },
          confirmed: true,
          retries: 1,
          reconciles: ['not-appendable'],
        }),
      );
    },
  );

  test('a Normal object with other bytes is diverged rather than not-appendable', async () => {
    const stage = await setStage(base);
    happens(stage, place, async ({ emulator }) => {
      await send(emulator, { method: 'PUT', key, body: 'z'.repeat(position) });
    });

    expect(await deliver(stage)).toMatchObject(
      gaveUp(place, {
        error: { code: 'APPEND_ERR_DIVERGED', key, position, actualLength: position },
        confirmed: false,
        reconciles: ['diverged'],
        object: 'z'.repeat(position),
      }),
    );
  });

  test('a chunk that a Normal object contains is committed, and the next append is refused', async () => {
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

  test('a checksum that was missing only at opening is known later', async () => {
    const stage = await setStage(base);
    stage.emulator.faults.add({ kind: 'hide-crc', operation: 'head', nth: 1 });
    happensAfter(stage, place, nothing);

    expect(await deliver(stage)).toEqual(delivered({ base, reconciles: ['committed'] }));
    expect(count(stage, 'get')).toBe(place === oldObject ? 1 : 0);
  });
});

test('a missing object is not-committed when the chunk is its first', async () => {
  const stage = await setStage();
  happensAfter(stage, newObject, deletes, internalError);

  expect(await deliver(stage)).toEqual(
    delivered({ retries: 1, attempts: 4, reconciles: ['not-committed'] }),
  );
});

describe('an empty chunk', () => {
  /** Ends a stream without bytes; `intervention` handles the append that creates the object. */
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
    error: undefined,
    object: '',
    bytesWritten: 0,
    position: 0,
    uncommitted: undefined,
    acknowledged: '',
    attempts: 1,
    retries: 0,
    reconciles: [],
  };

  test('creates the object when it is answered', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, ({ forward }) => forward())).toEqual(created);
  });

  test('is not sent when the object exists', async () => {
    const stage = await setStage('old.');

    expect(await deliver(stage, {}, [])).toEqual({
      ...created,
      object: 'old.',
      position: 4,
      attempts: 0,
    });
    expect(count(stage, 'empty-append')).toBe(0);
  });

  test('is committed when the object exists after a lost answer', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, afterwards('reset'))).toEqual({
      ...created,
      reconciles: ['committed'],
    });
  });

  test('is committed when the object exists after a 500', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, afterwards(internalError))).toEqual({
      ...created,
      retries: 1,
      reconciles: ['committed'],
    });
  });

  test('is not-committed when there is no object, and is sent again', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, instead('reset'))).toEqual({
      ...created,
      attempts: 2,
      retries: 1,
      reconciles: ['not-committed', 'not-committed'],
    });
  });

  test('is committed when another writer created an empty object', async () => {
    const stage = await setStage();
    const delivery = await endEmpty(stage, async ({ readBody }): Promise<Ending> => {
      await readBody();
      await append(stage.emulator, key, 0, '');
      return 'reset';
    });

    expect(delivery).toEqual({ ...created, reconciles: ['committed'] });
  });

  test('is committed when the object exists and is sealed', async () => {
    const stage = await setStage();
    const delivery = await endEmpty(stage, async ({ forward }): Promise<Ending> => {
      await forward();
      await sealAt(stage.emulator, 0);
      return 'reset';
    });

    expect(delivery).toEqual({ ...created, reconciles: ['committed'] });
  });

  test('has diverged when another writer appended bytes', async () => {
    const stage = await setStage();
    const delivery = await endEmpty(stage, async ({ forward }) => {
      await append(stage.emulator, key, 0, 'zz');
      return forward();
    });

    expect(delivery).toMatchObject({
      error: { code: 'APPEND_ERR_DIVERGED', key, position: 0, actualLength: 2 },
      object: 'zz',
      uncommitted: undefined,
      reconciles: ['diverged'],
      retries: 0,
    });
  });

  test('is unconfirmed when every answer is lost and nothing was stored', async () => {
    const stage = await setStage();

    expect(await endEmpty(stage, instead('reset'), everyTime)).toMatchObject({
      error: { code: 'APPEND_ERR_UNCONFIRMED', key, position: 0, byteLength: 0 },
      object: undefined,
      uncommitted: undefined,
      retries: 2,
      attempts: 3,
    });
  });

  test('is reconciled without checksums and without a read', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'hide-crc' });

    expect(await endEmpty(stage, afterwards('reset'))).toEqual({
      ...created,
      reconciles: ['committed'],
    });
    expect(count(stage, 'get')).toBe(0);
  });

  test('is reconciled by another empty append when HEAD is refused', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'forbid', operation: 'head', nth: 2, times: 99 });

    expect(await endEmpty(stage, instead('reset'))).toEqual({
      ...created,
      reconciles: ['committed'],
    });
  });

  test('is not sent again when opening has created the object because HEAD is refused', async () => {
    const stage = await setStage();
    stage.emulator.faults.add({ kind: 'forbid', operation: 'head' });

    expect(await deliver(stage, {}, [])).toEqual({ ...created, attempts: 0 });
    expect(count(stage, 'empty-append')).toBe(1);
  });
});

describe('opening with write-only credentials', () => {
  /** A stage that refuses HEAD. */
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
  ])('treats $scenario as a missing permission', async ({ answer }) => {
    const stage = await setStage('old.');
    stage.proxy.intercept({ operation: 'head', nth: 1, ...everyTime }, instead(answer));

    expect(await deliver(stage)).toEqual(delivered({ base: 'old.' }));
  });

  test.each([
    { scenario: 'at opening', first: 1, stored: true },
    { scenario: 'after a lost append', first: 2, stored: false },
  ])(
    'sets the headers of an object that the probe creates, $scenario',
    async ({ first, stored }) => {
      const stage = await setStage();
      stage.emulator.faults.add({ kind: 'forbid', operation: 'head', nth: first, times: 1 });
      if (!stored) happens(stage, newObject, nothing);
      await deliver(stage, { contentType: 'text/x-log', metadata: { team: 'ops' } });

      const probes = stage.proxy.requests.filter(({ operation }) => operation === 'empty-append');
      const withHeaders = probes.filter(({ headers }) => headers['content-type'] === 'text/x-log');
      expect(withHeaders.map((probe) => probe.position)).toContain(0);
      const { headers } = await send(stage.emulator, { method: 'HEAD', key });
      expect(headers).toMatchObject({ 'content-type': 'text/x-log', 'x-oss-meta-team': 'ops' });
    },
  );

  test.each([
    { scenario: 'a lost answer', ending: 'reset' as Ending },
    { scenario: '500', ending: internalError as Ending },
    { scenario: '502', ending: { status: 502 } as Ending },
    { scenario: '200 without a next position', ending: refusal(200, '') as Ending },
  ])('is tried again after $scenario', async ({ ending }) => {
    const stage = await writeOnlyStage();
    stage.proxy.intercept({ operation: 'empty-append', nth: 1 }, afterwards(ending));

    expect(await deliver(stage)).toEqual(delivered({ retries: 1 }));
  });

  test('fails when appending is refused too', async () => {
    const stage = await writeOnlyStage();
    stage.emulator.faults.add({ kind: 'forbid', operation: 'append' });

    expect(await deliver(stage)).toMatchObject({
      error: { code: 'APPEND_ERR_SERVICE', status: 403, ossCode: 'AccessDenied' },
      object: undefined,
      position: undefined,
      retries: 0,
      attempts: 0,
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
  ])('fails when the object is $scenario', async ({ deed, object }) => {
    const stage = await writeOnlyStage('old.');
    await deed(stage);

    expect(await deliver(stage)).toMatchObject({
      error: { code: 'APPEND_ERR_NOT_APPENDABLE', key },
      object,
      position: undefined,
      retries: 0,
      attempts: 0,
      uncommitted: { position: undefined, confirmed: true },
    });
  });

  test.each([
    { scenario: 'the actual length', position: 4, error: undefined },
    {
      scenario: 'a smaller length',
      position: 3,
      error: { code: 'APPEND_ERR_DIVERGED', position: 3, actualLength: 4 },
    },
    {
      scenario: 'a larger length',
      position: 5,
      error: { code: 'APPEND_ERR_DIVERGED', position: 5, actualLength: 4 },
    },
  ])('checks a `position` of $scenario', async ({ position, error }) => {
    const stage = await writeOnlyStage('old.');

    expect(await deliver(stage, { position })).toMatchObject({
      error,
      object: error === undefined ? 'old.aaaabbbbcc' : 'old.',
    });
  });

  test.each([
    { scenario: 'no object exists', base: '' },
    { scenario: 'an object exists', base: 'old.' },
  ])("fails with flags: 'ax' and creates nothing: $scenario", async ({ base }) => {
    const stage = await writeOnlyStage(base);

    expect(await deliver(stage, { flags: 'ax' })).toMatchObject({
      error: {
        code: 'APPEND_ERR_SERVICE',
        status: 403,
        ossCode: 'AccessDenied',
        message:
          'Cannot open "a.log" with flags \'ax\': HEAD is forbidden, and without it the stream cannot tell whether the object exists',
      },
      object: base === '' ? undefined : base,
      position: undefined,
      retries: 0,
      uncommitted: { position: undefined, bytes: 'aaaabbbbcc', confirmed: true },
    });
    expect(count(stage, 'empty-append')).toBe(0);
  });
});

test('the stream trusts the next position in a HEAD answer whose content length a proxy changed', async () => {
  const stage = await setStage('old.');
  const changed = ({ headers, ...truth }: HttpAnswer): HttpAnswer => ({
    ...truth,
    headers: { ...headers, 'content-length': '99' },
  });
  stage.proxy.intercept({ operation: 'head', nth: 1, ...everyTime }, afterwards(changed));
  happensAfter(stage, middle, nothing);

  expect(await deliver(stage)).toEqual(delivered({ base: 'old.', reconciles: ['committed'] }));
});
