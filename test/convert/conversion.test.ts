import { describe, expect, test } from 'vitest';
import { Conversion } from '../../src/convert/conversion.js';
import type { ConvertOptions, ConvertProgress } from '../../src/convert/convert-options.js';
import { resolveConversion } from '../../src/convert/resolve-conversion.js';
import {
  answer,
  answerWith,
  failThenLand,
  failure,
  failWith,
  preceded,
  ScriptedClient,
} from '../append/scripted-client.js';

/** A client with a Normal object. */
function normal(contents: string): ScriptedClient {
  const client = new ScriptedClient(contents);
  if (client.object !== undefined) {
    client.object.appendable = false;
    client.object.objectType = 'Normal';
  }
  return client;
}

function conversion(
  source: ScriptedClient,
  target: ScriptedClient,
  { retries = 3, ...options }: Partial<ConvertOptions> & { readonly retries?: number } = {},
): Conversion {
  const retry = { retries, minTimeout: 0, maxTimeout: 0 };
  return new Conversion(
    resolveConversion(
      { key: 'source', client: source },
      { key: 'target', client: target, chunkSize: 4, retry, ...options },
    ),
  );
}

describe('a conversion', () => {
  test('appends in chunks, and proves length and checksum at the end', async () => {
    const source = normal('0123456789');
    const target = new ScriptedClient();

    await conversion(source, target).finish();

    expect(target.contents).toBe('0123456789');
    expect(target.calls).toEqual([
      'head',
      'head',
      'append 0+4',
      'append 4+4',
      'append 8+2',
      'head',
    ]);
    expect(source.calls).toEqual(['head', 'get 0-10', 'head']);
  });

  test('pins what it reads to the ETag of the source', async () => {
    const source = normal('0123456789').script('head', answerWith({ etag: '"1"' }));
    source.script('head', answerWith({ etag: '"1"' }));

    await conversion(source, new ScriptedClient('0123')).finish();

    const pins = source.options.map((options) => Reflect.get(options, 'ifMatch'));
    expect(source.calls).toEqual(['head', 'get 0-4', 'get 4-10', 'head']);
    expect(pins).toEqual([undefined, '"1"', '"1"', undefined]);
  });

  test.each(['', '"a b"', '"\u00e9"'])(
    'reads without the ETag %j, which cannot be sent, and compares it at the end',
    async (etag) => {
      const source = normal('bytes').script('head', answerWith({ etag }), answerWith({ etag }));
      const changed = normal('bytes').script(
        'head',
        answerWith({ etag }),
        answerWith({ etag: '"1"' }),
      );
      const target = new ScriptedClient();

      await conversion(source, target).finish();
      const reason = await conversion(changed, new ScriptedClient())
        .finish()
        .catch((it) => it);

      expect(target.contents).toBe('bytes');
      expect(source.options.map((options) => Reflect.get(options, 'ifMatch'))).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(reason).toMatchObject({ code: 'APPEND_ERR_SOURCE', reason: 'changed' });
    },
  );

  test('lets a late chunk of the one that was killed land', async () => {
    const target = new ScriptedClient('0123');
    const late = failThenLand(failure.unanswered());
    target.script('append', late).script('head', answer, answer, failWith(failure.fatal()));
    await expect(
      conversion(normal('0123456789'), target, { retries: 0 }).finish(),
    ).rejects.toThrow();
    expect(target.late).toHaveLength(1);
    target.calls.length = 0;
    target.script(
      'append',
      preceded(() => target.land()),
    );

    await conversion(normal('0123456789'), target).finish();

    expect(target.contents).toBe('0123456789');
    expect(target.calls).toContain('append 4+4');
  });

  test('refuses a source that is too long, before it asks for the other object', async () => {
    const length = 5 * 2 ** 30 + 1;
    const source = normal('').script('head', answerWith({ length }));
    const target = new ScriptedClient();

    await expect(conversion(source, target).finish()).rejects.toMatchObject({
      message:
        'Cannot convert "source": the object is 5368709121 bytes long, and an appendable one has at most 5368709120',
      reason: 'length',
    });
    expect(target.calls).toEqual([]);
  });

  test.each(['Symlink', undefined])('refuses a source of type %s', async (objectType) => {
    const source = normal('').script('head', answerWith({ objectType }));

    await expect(conversion(source, new ScriptedClient()).finish()).rejects.toMatchObject({
      message: `Cannot convert "source": the object is of type ${objectType ?? 'unknown'}, not Normal or Multipart`,
      reason: 'type',
    });
  });

  test('converts a Multipart object', async () => {
    const source = normal('bytes').script('head', answerWith({ objectType: 'Multipart' }));
    const target = new ScriptedClient();

    await conversion(source, target).finish();

    expect(target.contents).toBe('bytes');
  });

  test.each([
    { creation: { metadata: { fine: 'x', a_b: 'c' } }, header: 'x-oss-meta-a_b' },
    { creation: { metadata: { a: '\u00e9' } }, header: 'x-oss-meta-a' },
    {
      creation: { contentDisposition: Buffer.from('a\nb') },
      header: 'content-disposition',
      option: 'contentDisposition',
    },
  ])(
    'refuses the header $header, which cannot be sent, and appends nothing',
    async ({ creation, header, option = 'metadata' }) => {
      const source = normal('bytes').script('head', answerWith({ creation }));
      const target = new ScriptedClient();

      await expect(conversion(source, target).finish()).rejects.toMatchObject({
        code: 'APPEND_ERR_SOURCE',
        message: `Cannot convert "source": an append cannot send its header "${header}". Pass '${option}' instead`,
        key: 'source',
        reason: 'header',
        cause: expect.any(TypeError),
      });
      expect(target.calls).toEqual(['head']);
    },
  );

  test('creates the object with bytes of headers, and what the options name instead', async () => {
    const disposition = Buffer.from('attachment; filename="größe"');
    const creation = {
      contentType: 'a/b',
      contentDisposition: disposition,
      expires: Buffer.from('0'),
      metadata: { a_b: 'c' },
    };
    const source = normal('bytes').script('head', answerWith({ creation }));
    const target = new ScriptedClient();

    await conversion(source, target, { metadata: { x: 'y' }, contentType: 'c/d' }).finish();

    expect(target.object?.creation).toEqual({
      ...creation,
      metadata: { x: 'y' },
      contentType: 'c/d',
    });
  });

  describe('to an object that exists and is empty', () => {
    const creation = {
      contentType: 'text/csv',
      metadata: { Origin: 'here' },
      expires: new Date(0),
    };

    test.each([
      { present: { ...creation, contentType: 'text/plain' }, header: 'content-type' },
      { present: { ...creation, metadata: {} }, header: 'x-oss-meta-origin' },
      { present: { ...creation, metadata: { a_b: 'c' } }, header: 'content-type' },
      { present: undefined, header: 'content-type' },
      { present: creation, options: { acl: 'private' as const }, header: 'x-oss-object-acl' },
    ])('refuses to lose $header of $present', async ({ present, options, header }) => {
      const source = normal('bytes').script('head', answerWith({ creation }));
      const target = new ScriptedClient('').script('head', answerWith({ creation: present }));

      await expect(conversion(source, target, options).finish()).rejects.toMatchObject({
        code: 'APPEND_ERR_EXISTS',
        key: 'target',
        message: `Cannot convert to "target": that object exists and is empty, and an append cannot give it the header "${header}". Delete it and try again`,
      });
      expect(target.calls).toEqual(['head']);
    });

    test('appends if that has the headers of the source', async () => {
      const source = normal('bytes').script('head', answerWith({ creation }));
      const present = { ...creation, cacheControl: 'no-store', metadata: { origin: 'here' } };
      const target = new ScriptedClient('').script('head', answerWith({ creation: present }));

      await conversion(source, target).finish();

      expect(target.contents).toBe('bytes');
    });
  });

  test('fails if the source has been replaced by the end', async () => {
    const source = normal('bytes').script('head', answer, answerWith({ etag: '"2"' }));

    await expect(conversion(source, new ScriptedClient()).finish()).rejects.toMatchObject({
      code: 'APPEND_ERR_SOURCE',
      reason: 'changed',
    });
  });

  test('fails if what was read is not what the store says that the source is', async () => {
    const source = normal('bytes').script('head', answerWith({ crc64: 1n }));
    const target = new ScriptedClient();

    const error = await conversion(source, target)
      .finish()
      .catch((reason) => reason);

    expect(error).toMatchObject({ code: 'APPEND_ERR_CHECKSUM', key: 'source', actual: 1n });
    expect(error.message).toMatch(/Delete "target" and try again$/);
  });

  test('fails if the new object is not what was appended', async () => {
    const target = new ScriptedClient();
    target.script('head', answer, answer, answerWith({ crc64: 1n }));

    await expect(conversion(normal('bytes'), target).finish()).rejects.toMatchObject({
      code: 'APPEND_ERR_CHECKSUM',
      key: 'target',
      actual: 1n,
    });
  });

  test('fails if another writer has appended to the new object', async () => {
    const target = new ScriptedClient();
    target.script(
      'head',
      answer,
      answer,
      preceded(() => target.strangerAppends('!')),
    );

    await expect(conversion(normal('bytes'), target).finish()).rejects.toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      actualLength: 6,
    });
  });

  test('gives up with the error of the store when the retries are spent', async () => {
    const source = normal('bytes');
    for (let nth = 0; nth < 4; nth++) source.script('get', failWith(failure.unanswered()));

    await expect(conversion(source, new ScriptedClient()).finish()).rejects.toThrow(
      'A scripted failure: unknown',
    );
    expect(source.calls.filter((call) => call.startsWith('get'))).toHaveLength(4);
  });
});

describe('what onProgress throws', () => {
  const mine = new Error('mine');

  test.each([
    // The stream sends the second chunk before it tells of the first.
    { scenario: 'while it appends', calls: ['head', 'head', 'append 0+4', 'append 4+4'] },
    { scenario: 'while it compares', present: '0123', calls: ['head'] },
  ])('$scenario ends the conversion, and nothing more is sent', async ({ present, calls }) => {
    const target = new ScriptedClient(present);
    let told = 0;
    const onProgress = () => {
      told++;
      throw mine;
    };

    const converting = conversion(normal('0123456789'), target, { onProgress }).finish();

    await expect(converting).rejects.toBe(mine);
    expect(told).toBe(1);
    expect(target.calls).toEqual(calls);
  });

  test('after the last append ends it, too', async () => {
    const target = new ScriptedClient();
    const onProgress = ({ length, position }: ConvertProgress) => {
      if (position === length) throw mine;
    };

    const converting = conversion(normal('0123456789'), target, { onProgress }).finish();

    await expect(converting).rejects.toBe(mine);
    expect(target.contents).toBe('0123456789');
  });

  test.each([undefined, null, 'text'])('may be %j', async (reason) => {
    const onProgress = () => {
      throw reason;
    };

    const converting = conversion(normal('01'), new ScriptedClient(), { onProgress }).finish();

    await expect(converting).rejects.toBe(reason);
  });
});
