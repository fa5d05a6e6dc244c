import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../src/emulator/index.js';
import { append, element, elements, type Response, send } from '../signed-request.js';

const list = (emulator: Emulator, query: Record<string, string> = {}) =>
  send(emulator, { query: { 'list-type': '2', ...query } });

async function startWith(keys: readonly string[]): Promise<Emulator> {
  const emulator = await startEmulator();
  await Promise.all(keys.map((key) => append(emulator, key, 0, 'x')));
  return emulator;
}

/** Returns the keys of all pages, one list per page. */
async function listPages(emulator: Emulator, query: Record<string, string>): Promise<string[][]> {
  const pages: string[][] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const page: Response = await list(
      emulator,
      token === '' ? query : { ...query, 'continuation-token': token },
    );
    const prefixes = [...String(page.body).matchAll(/<CommonPrefixes>\s*<Prefix>([^<]*)/g)];
    pages.push([...elements(page, 'Key'), ...prefixes.map(([, prefix = '']) => prefix)]);
    token = element(page, 'NextContinuationToken');
  }
  return pages;
}

describe('ListObjectsV2', () => {
  test('lists objects with the elements and the order of OSS', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'dir/b', 0, 'abcd');
    await append(emulator, 'dir/sub/c', 0, 'x');
    const headers = { 'content-length': '0', 'x-oss-storage-class': 'IA' };
    await send(emulator, { method: 'PUT', key: 'dir/a', headers });
    const { headers: head } = await send(emulator, { method: 'HEAD', key: 'dir/b' });

    const query = { prefix: 'dir/', delimiter: '/', 'start-after': 'dir/', 'encoding-type': 'url' };
    const response = await list(emulator, { ...query, 'fetch-owner': 'true' });

    const time = new Date(head['last-modified'] ?? '').toISOString();
    const owner = `<Owner>
      <ID>1234567890123456</ID>
      <DisplayName>1234567890123456</DisplayName>
    </Owner>`;
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('application/xml');
    expect(
      String(response.body).replaceAll(/<LastModified>[^<]*/g, `<LastModified>${time}`),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult>
  <Name>examplebucket</Name>
  <Prefix>dir%2F</Prefix>
  <StartAfter>dir%2F</StartAfter>
  <MaxKeys>100</MaxKeys>
  <Delimiter>%2F</Delimiter>
  <EncodingType>url</EncodingType>
  <IsTruncated>false</IsTruncated>
  <Contents>
    <Key>dir%2Fa</Key>
    <LastModified>${time}</LastModified>
    <ETag>"D41D8CD98F00B204E9800998ECF8427E"</ETag>
    <Type>Normal</Type>
    <Size>0</Size>
    <StorageClass>IA</StorageClass>
    ${owner}
  </Contents>
  <Contents>
    <Key>dir%2Fb</Key>
    <LastModified>${time}</LastModified>
    <ETag>${head.etag}</ETag>
    <Type>Appendable</Type>
    <Size>4</Size>
    <StorageClass>Standard</StorageClass>
    ${owner}
  </Contents>
  <CommonPrefixes>
    <Prefix>dir%2Fsub%2F</Prefix>
  </CommonPrefixes>
  <KeyCount>3</KeyCount>
</ListBucketResult>
`);
  });

  test('of an empty bucket is empty', async () => {
    await using emulator = await startEmulator();

    const response = await list(emulator);

    expect(elements(response, 'Key')).toEqual([]);
    expect(element(response, 'KeyCount')).toBe('0');
    expect(element(response, 'IsTruncated')).toBe('false');
    expect(element(response, 'MaxKeys')).toBe('100');
    expect(String(response.body)).not.toMatch(/Token|EncodingType|StartAfter|Owner/);
  });

  test('orders keys by their UTF-8 bytes, on every page', async () => {
    const keys = ['B', 'a', 'a/', 'é', '世', '\ue000', '\uffee', '😀', '𝒳'];
    await using emulator = await startWith(keys);
    const sorted = [...keys].sort((left, right) =>
      Buffer.compare(Buffer.from(left), Buffer.from(right)),
    );

    for (const size of ['1', '2', '8', '9']) {
      expect((await listPages(emulator, { 'max-keys': size })).flat()).toEqual(sorted);
    }
  });

  test('lists every key and every common prefix once for every page size', async () => {
    const keys = ['a', 'b/1', 'b/2', 'b/3', 'b/c/1', 'b0', 'c/', 'd', 'e/f/g'];
    await using emulator = await startWith(keys);
    const inPages = (size: string, query: Record<string, string>) =>
      listPages(emulator, { ...query, 'max-keys': size });

    const top = [['a'], ['b/'], ['b0'], ['c/'], ['d'], ['e/']];
    expect(await inPages('1', { delimiter: '/' })).toEqual(top);
    expect((await inPages('4', { delimiter: '/' })).map(({ length }) => length)).toEqual([4, 2]);
    expect(await inPages('2', { delimiter: '/', prefix: 'b/' })).toEqual([
      ['b/1', 'b/2'],
      ['b/3', 'b/c/'],
    ]);
    expect((await inPages('5', { prefix: 'b' })).flat()).toEqual(keys.slice(1, 6));
    expect((await inPages('3', { 'start-after': 'b/3' })).flat()).toEqual(keys.slice(4));
    expect((await inPages('9', { delimiter: '/', 'start-after': 'b/2' })).flat()).toEqual([
      'b0',
      'd',
      'b/',
      'c/',
      'e/',
    ]);
  });

  test('continues after a key that has been deleted meanwhile', async () => {
    await using emulator = await startWith(['a', 'b', 'c']);
    const first = await list(emulator, { 'max-keys': '2' });
    await send(emulator, { method: 'DELETE', key: 'b' });

    const token = element(first, 'NextContinuationToken') ?? '';
    const second = await list(emulator, { 'continuation-token': token });

    expect(element(first, 'IsTruncated')).toBe('true');
    expect(elements(second, 'Key')).toEqual(['c']);
    expect(element(second, 'ContinuationToken')).toBe(token);
  });

  test('encodes keys that XML cannot represent so that every decoder restores them', async () => {
    const keys = ['\u0001\r\n\u0007', 'a b+c', "!'()*~", '<&>"', '100%'];
    await using emulator = await startWith(keys);

    const response = await list(emulator, { 'encoding-type': 'url' });

    expect(elements(response, 'Key').map(decodeURIComponent).sort()).toEqual(keys.sort());
    expect(String(response.body)).not.toMatch(/<Key>[^<]*[+ ]/);
  });

  test('escapes markup in keys that are not encoded', async () => {
    await using emulator = await startWith(['a<&>"b']);

    const response = await list(emulator, { prefix: 'a<' });

    expect(elements(response, 'Key')).toEqual(['a&lt;&amp;&gt;"b']);
    expect(element(response, 'Prefix')).toBe('a&lt;');
  });

  test.each([
    { name: 'max-keys', value: '0' },
    { name: 'max-keys', value: '1001' },
    { name: 'max-keys', value: '-1' },
    { name: 'max-keys', value: 'ten' },
    { name: 'max-keys', value: '1.5' },
    { name: 'encoding-type', value: 'base64' },
    { name: 'continuation-token', value: 'err-token' },
    { name: 'continuation-token', value: '----' },
    { name: 'continuation-token', value: 'CgJiYw-' },
    { name: 'continuation-token', value: 'CgJi/w==' },
    { name: 'list-type', value: '3' },
    { name: 'prefix', value: 'p'.repeat(1024) },
    { name: 'start-after', value: '世'.repeat(342) },
  ])('refuses $name $value', async ({ name, value }) => {
    await using emulator = await startEmulator();

    const response = await list(emulator, { [name]: value });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidArgument');
    expect(element(response, 'ArgumentName')).toBe(name);
  });

  test('writes tokens in the format of OSS', async () => {
    const long = 'k'.repeat(1023);
    await using emulator = await startWith(['bc', long, 'z']);

    const [, second = [], third = []] = await listPages(emulator, { 'max-keys': '1' });
    const first = await list(emulator, { 'max-keys': '1' });

    expect(element(first, 'NextContinuationToken')).toBe('CgJiYw--');
    expect([...second, ...third]).toEqual([long, 'z']);
  });

  test('of a missing bucket is refused', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { bucket: 'nowhere', query: { 'list-type': '2' } });

    expect(response.status).toBe(404);
    expect(element(response, 'Code')).toBe('NoSuchBucket');
  });

  test('can be the operation of a fault', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'error-503', operation: 'list', nth: 1 });

    expect((await list(emulator)).status).toBe(503);
    expect((await list(emulator)).status).toBe(200);
    expect(emulator.requests).toMatchObject([{ operation: 'list' }, { operation: 'list' }]);
  });
});
