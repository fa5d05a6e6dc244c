import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import {
  type ConvertOptions,
  type ConvertProgress,
  type ConvertSource,
  convertToAppendable,
} from '../../src/index.js';
import { appendAt, putObject, send } from '../emulator/signed-request.js';
import { connectionTo } from '../helpers/open-stream.js';
import { answer, refuse, type Script, startScriptedServer } from '../oss/scripted-server.js';

const content = randomBytes(40_000);

function convert(
  emulator: Emulator,
  options: Partial<ConvertOptions> = {},
  source: ConvertSource = { key: 'source' },
) {
  return convertToAppendable(source, {
    ...connectionTo(emulator),
    chunkSize: 16_384,
    key: 'target',
    ...options,
  });
}

async function startWithSource(body: Uint8Array | string = content): Promise<Emulator> {
  const emulator = await startEmulator({ buckets: ['examplebucket', 'otherbucket'] });
  await putObject(emulator, 'source', body);
  emulator.requests.length = 0;
  return emulator;
}

function read(emulator: Emulator, key: string): Promise<Buffer> {
  return emulator.read('examplebucket', key);
}

/** Requests that changed something. */
function writes({ requests }: Emulator) {
  return requests.filter(({ operation }) => !['head', 'get'].includes(operation));
}

describe('convertToAppendable()', () => {
  test('makes an appendable object of the same bytes, and leaves the source as it is', async () => {
    await using emulator = await startWithSource();
    const before = await send(emulator, { method: 'HEAD', key: 'source' });

    const result = await convert(emulator);

    const { headers } = await send(emulator, { method: 'HEAD', key: 'target' });
    expect(result).toEqual({
      key: 'target',
      position: 40_000,
      crc64: BigInt(String(headers['x-oss-hash-crc64ecma'])),
      bytesPresent: 0,
      bytesWritten: 40_000,
    });
    expect(headers['x-oss-object-type']).toBe('Appendable');
    expect((await read(emulator, 'target')).equals(content)).toBe(true);
    expect((await read(emulator, 'source')).equals(content)).toBe(true);
    const after = await send(emulator, { method: 'HEAD', key: 'source' });
    expect(after.headers).toMatchObject({
      etag: before.headers.etag,
      'last-modified': before.headers['last-modified'],
      'x-oss-object-type': 'Normal',
    });
    expect(writes(emulator).map(({ byteLength }) => byteLength)).toEqual([16_384, 16_384, 7232]);
  });

  test('carries over what OSS returns with the source', async () => {
    await using emulator = await startEmulator();
    const headers = {
      'content-type': 'text/csv',
      'cache-control': 'no-store',
      'content-disposition': 'attachment; filename="a b.csv"',
      'content-encoding': 'gzip',
      expires: 'Wed, 02 Jan 2030 03:04:05 GMT',
      'x-oss-meta-origin': 'a value',
      'x-oss-meta-token': 'x'.repeat(500),
      'x-oss-storage-class': 'IA',
      'x-oss-server-side-encryption': 'AES256',
    };
    await putObject(emulator, 'source', 'bytes', { headers });

    await convert(emulator);

    const target = await send(emulator, { method: 'HEAD', key: 'target' });
    expect(target.headers).toMatchObject(headers);
  });

  test('gives the new object what the options name instead', async () => {
    await using emulator = await startEmulator();
    const headers = {
      'content-type': 'text/csv',
      'x-oss-meta-a': '1',
      'cache-control': 'no-store',
    };
    await putObject(emulator, 'source', 'bytes', { headers });

    await convert(emulator, { contentType: 'text/plain', metadata: { b: '2' } });

    const target = await send(emulator, { method: 'HEAD', key: 'target' });
    expect(target.headers).toMatchObject({
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      'x-oss-meta-b': '2',
    });
    expect(target.headers).not.toHaveProperty('x-oss-meta-a');
  });

  test('makes an object of a storage class that OSS can append to', async () => {
    await using emulator = await startEmulator();
    const headers = { 'x-oss-storage-class': 'ColdArchive' };
    await putObject(emulator, 'source', 'bytes', { headers });

    await convert(emulator);

    const target = await send(emulator, { method: 'HEAD', key: 'target' });
    expect(target.headers['x-oss-storage-class']).toBe('Standard');
  });

  test('converts an empty object', async () => {
    await using emulator = await startWithSource('');

    expect(await convert(emulator)).toMatchObject({ position: 0, crc64: 0n, bytesWritten: 0 });
    expect(await read(emulator, 'target')).toHaveLength(0);
  });

  test('converts an object of another bucket', async () => {
    await using emulator = await startEmulator({ buckets: ['examplebucket', 'otherbucket'] });
    await putObject(emulator, 'target', 'the same key', { bucket: 'otherbucket' });

    await convert(emulator, {}, { key: 'target', bucket: 'otherbucket' });

    expect(String(await read(emulator, 'target'))).toBe('the same key');
  });

  test('reads only the object that it found first', async () => {
    await using emulator = await startWithSource();
    emulator.faults.add({ kind: 'replace', operation: 'get', key: 'source', nth: 1 });

    const error = await convert(emulator).catch((reason) => reason);

    expect(error).toMatchObject({ code: 'APPEND_ERR_SOURCE', key: 'source', reason: 'changed' });
    expect(error.cause).toMatchObject({ status: 412 });
    expect(writes(emulator)).toEqual([]);
  });

  test('goes on after lost connections and answers', async () => {
    await using emulator = await startWithSource();
    emulator.faults.add({ kind: 'drop-answer', operation: 'head', nth: 1 });
    emulator.faults.add({ kind: 'drop-answer', operation: 'get', nth: 1 });
    emulator.faults.add({ kind: 'cut-answer', operation: 'get', nth: 2 });
    emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });

    await convert(emulator);

    expect((await read(emulator, 'target')).equals(content)).toBe(true);
  });

  test('reports how far it has got', async () => {
    await using emulator = await startWithSource();
    await appendAt(emulator, 'target', 0, content.subarray(0, 10_000));
    const all: ConvertProgress[] = [];

    await convert(emulator, { onProgress: (progress) => all.push(progress) });

    expect(all[0]).toEqual({ length: 40_000, bytesCompared: 10_000, position: 10_000 });
    expect(all.slice(1).map(({ position }) => position)).toEqual([26_384, 40_000]);
  });

  test('ends with what onProgress throws', async () => {
    await using emulator = await startWithSource();
    const mine = new Error('mine');
    const onProgress = () => {
      throw mine;
    };

    await expect(convert(emulator, { chunkSize: 4096, onProgress })).rejects.toBe(mine);

    // The second append is on its way before the stream tells of the first.
    expect(writes(emulator).length).toBeLessThanOrEqual(2);
  });

  test('stops when its signal aborts', async () => {
    await using emulator = await startWithSource();
    emulator.faults.add({ kind: 'stall', operation: 'append', nth: 2 });
    const controller = new AbortController();
    const converting = convert(emulator, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });

    await expect(converting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('convertToAppendable() gives up a read that waits for bytes', () => {
  const stored: Script = (seen, response, request) => {
    const position = Number(new URL(seen.url, 'http://a').searchParams.get('position'));
    const headers = { 'x-oss-next-append-position': String(position + 4) };
    return answer(200, headers)(seen, response, request);
  };

  test.each([
    { scenario: 'onProgress throws', append: stored, code: 'MINE' },
    { scenario: 'OSS refuses', append: refuse(403, 'AccessDenied'), code: 'APPEND_ERR_SERVICE' },
  ])('if $scenario', async ({ append, code }) => {
    let closed: Promise<unknown> | undefined;
    const source = { 'x-oss-object-type': 'Normal', 'content-length': '10' };
    await using server = await startScriptedServer((seen, response, request) => {
      const { method, url } = seen;
      if (method === 'POST') return append(seen, response, request);
      if (method === 'HEAD' && url.includes('/source')) {
        return answer(200, source)(seen, response, request);
      }
      if (method === 'HEAD') return refuse(404, 'NoSuchKey')(seen, response, request);
      closed = once(response, 'close');
      const head = {
        'x-oss-request-id': '1',
        'content-length': '10',
        'content-range': 'bytes 0-9/10',
      };
      response.writeHead(206, head).write('01234567');
    });
    const { endpoint } = server;
    const credentials = { accessKeyId: 'id', accessKeySecret: 'secret' };
    const connection = { endpoint, region: 'cn-hangzhou', bucket: 'examplebucket', credentials };
    const onProgress = () => {
      throw Object.assign(new Error('mine'), { code: 'MINE' });
    };

    const converting = convertToAppendable(
      { key: 'source' },
      { ...connection, key: 'target', chunkSize: 4, onProgress },
    );

    await expect(converting).rejects.toMatchObject({ code });
    await closed;
    const methods = server.requests.map(({ method }) => method);
    // The second append is on its way before the stream tells of the first.
    expect(new Set(methods.slice(methods.indexOf('POST')))).toEqual(new Set(['POST']));
  });
});

describe('convertToAppendable() repeated', () => {
  test.each([
    { scenario: 'a chunk', length: 16_384, sent: [16_384, 7232] },
    { scenario: 'all but a byte', length: 39_999, sent: [1] },
    { scenario: 'nothing', length: 0, sent: [16_384, 16_384, 7232] },
    { scenario: 'everything', length: 40_000, sent: [] },
  ])('sends only the rest if $scenario is there', async ({ length, sent }) => {
    await using emulator = await startWithSource();
    await appendAt(emulator, 'target', 0, content.subarray(0, length));
    emulator.requests.length = 0;

    const result = await convert(emulator);

    expect(result).toMatchObject({ bytesPresent: length, bytesWritten: 40_000 - length });
    expect(writes(emulator).map(({ byteLength }) => byteLength)).toEqual(sent);
    expect((await read(emulator, 'target')).equals(content)).toBe(true);
  });

  test('accepts a complete copy that is sealed', async () => {
    await using emulator = await startWithSource('bytes');
    await appendAt(emulator, 'target', 0, 'bytes');
    emulator.faults.add({ kind: 'seal', operation: 'head', key: 'target', nth: 1 });

    expect(await convert(emulator)).toMatchObject({ bytesPresent: 5, bytesWritten: 0 });
  });

  test('reads the new object where OSS returns no checksums', async () => {
    await using emulator = await startWithSource();
    await appendAt(emulator, 'target', 0, content.subarray(0, 20_000));
    emulator.faults.add({ kind: 'hide-crc' });

    await convert(emulator);

    expect((await read(emulator, 'target')).equals(content)).toBe(true);
  });
});

describe('convertToAppendable() writes nothing and refuses', () => {
  const differs = { code: 'APPEND_ERR_DIVERGED', key: 'target' };

  test.each([
    {
      scenario: 'other bytes',
      present: Buffer.alloc(10_000),
      error: { ...differs, actualLength: 10_000 },
      message: /^Cannot convert "source" to "target": that object has 10000 bytes, which are not/,
    },
    {
      scenario: 'more bytes',
      present: Buffer.concat([content, Buffer.of(1)]),
      error: { ...differs, actualLength: 40_001 },
      message: /that object has 40001 bytes, and the source 40000$/,
    },
  ])('to change an object with $scenario', async ({ present, error, message }) => {
    await using emulator = await startWithSource();
    await appendAt(emulator, 'target', 0, present);
    emulator.requests.length = 0;

    const reason = await convert(emulator).catch((it) => it);

    expect(reason).toMatchObject(error);
    expect(reason.message).toMatch(message);
    expect(writes(emulator)).toEqual([]);
  });

  test.each([
    { scenario: 'Normal', fault: 'replace', objectType: 'Normal' },
    { scenario: 'sealed', fault: 'seal', objectType: 'Appendable' },
  ] as const)('to change a $scenario object', async ({ fault, objectType }) => {
    await using emulator = await startWithSource();
    await appendAt(emulator, 'target', 0, content.subarray(0, 10));
    emulator.faults.add({ kind: fault, operation: 'head', key: 'target', nth: 1 });
    emulator.requests.length = 0;

    await expect(convert(emulator)).rejects.toMatchObject({
      code: 'APPEND_ERR_NOT_APPENDABLE',
      key: 'target',
      objectType,
    });
    expect(writes(emulator)).toEqual([]);
  });

  test('a source that does not exist, or can be appended to', async () => {
    await using emulator = await startEmulator();
    await appendAt(emulator, 'appendable', 0, 'bytes');
    emulator.requests.length = 0;

    await expect(convert(emulator)).rejects.toMatchObject({
      message: 'Cannot convert "source": the object does not exist',
      reason: 'missing',
    });
    await expect(convert(emulator, {}, { key: 'appendable' })).rejects.toMatchObject({
      message: 'Cannot convert "appendable": the object can be appended to already',
      reason: 'type',
    });
    expect(writes(emulator)).toEqual([]);
  });
});
