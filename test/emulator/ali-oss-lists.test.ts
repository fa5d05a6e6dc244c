import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { type AliOss, connect, waysByName } from './ali-oss-client.js';

const listed = [
  'list/.txt',
  'list/fun/',
  'list/fun/movie/001.avi',
  'list/fun/movie/007.avi',
  'list/other/a',
];

async function fill(client: AliOss): Promise<void> {
  for (const key of ['before', ...listed, 'past']) await client.append(key, Buffer.from('foo'));
}

function namesOf({ objects }: { readonly objects: readonly { readonly name: string }[] }) {
  return objects.map(({ name }) => name);
}

function operationsOf(emulator: Emulator): string[] {
  return emulator.requests.map(({ operation }) => operation);
}

describe.each(waysByName)('ali-oss, $name', (way) => {
  test('list() describes the objects', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const { res } = await client.append('a', Buffer.from('foo'));
    await client.put('b', Buffer.from('put'));

    const { objects, prefixes, isTruncated, nextMarker } = await client.list({});

    expect(objects).toEqual([
      {
        name: 'a',
        url: expect.any(String),
        type: 'Appendable',
        size: 3,
        etag: res.headers.etag,
        storageClass: 'Standard',
        restoreInfo: undefined,
        lastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        owner: { id: expect.stringMatching(/./), displayName: expect.stringMatching(/./) },
      },
      expect.objectContaining({ name: 'b', type: 'Normal', size: 3 }),
    ]);
    expect({ prefixes, isTruncated, nextMarker }).toEqual({
      prefixes: null,
      isTruncated: false,
      nextMarker: null,
    });
  });

  test('list() pages through all objects', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await fill(client);

    const first = await client.list({ prefix: 'list/', 'max-keys': 3 });
    const marker = first.nextMarker ?? '';
    const second = await client.list({ prefix: 'list/', 'max-keys': 3, marker });

    expect([first.isTruncated, second.isTruncated]).toEqual([true, false]);
    expect([...namesOf(first), ...namesOf(second)]).toEqual(listed);
    expect(second.nextMarker).toBeNull();
  });

  test('listV2() pages through all objects', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await fill(client);
    const query = { prefix: 'list/', 'max-keys': 2 };

    const first = await client.listV2({ ...query });
    const token = { 'continuation-token': first.nextContinuationToken ?? '' };
    const second = await client.listV2({ ...query, ...token });
    const last = await client.listV2({
      ...query,
      'continuation-token': second.nextContinuationToken ?? '',
    });

    expect([first.keyCount, second.keyCount, last.keyCount]).toEqual([2, 2, 1]);
    expect([first.isTruncated, second.isTruncated, last.isTruncated]).toEqual([true, true, false]);
    expect([first, second, last].flatMap(namesOf)).toEqual(listed);
    expect(last.nextContinuationToken).toBeNull();
    expect(operationsOf(emulator).slice(-3)).toEqual(['list', 'list', 'list']);
  });

  test('listV2() includes the owner only on request', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a', Buffer.from('foo'));

    const [plain] = (await client.listV2({})).objects;
    const [owned] = (await client.listV2({ 'fetch-owner': true })).objects;

    expect(plain?.owner).toBeNull();
    expect(owned?.owner?.id).toMatch(/./);
  });

  test('listV2() begins after a key', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await fill(client);

    const result = await client.listV2({ 'start-after': 'list/fun/movie/001.avi' });

    expect(namesOf(result)).toEqual(['list/fun/movie/007.avi', 'list/other/a', 'past']);
  });

  test.each([
    { prefix: 'list/', objects: ['list/.txt'], prefixes: ['list/fun/', 'list/other/'] },
    { prefix: 'list/fun/', objects: ['list/fun/'], prefixes: ['list/fun/movie/'] },
    {
      prefix: 'list/fun/movie/',
      objects: ['list/fun/movie/001.avi', 'list/fun/movie/007.avi'],
      prefixes: null,
    },
    { prefix: 'nothing', objects: [], prefixes: null },
  ])('list() and listV2() stay in the folder $prefix', async ({ prefix, objects, prefixes }) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await fill(client);

    const results = [
      await client.list({ prefix, delimiter: '/' }),
      await client.listV2({ prefix, delimiter: '/' }),
    ];

    expect(results.map(namesOf)).toEqual([objects, objects]);
    expect(results.map((result) => result.prefixes)).toEqual([prefixes, prefixes]);
  });
});

describe.each(waysByName)('buckets of ali-oss, $name', (way) => {
  test('are created, listed, described and deleted', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);

    const created = await client.putBucket('new-bucket', { storageClass: 'IA' });
    const { buckets, owner } = await client.listBuckets();
    const { bucket } = await client.getBucketInfo('new-bucket');
    const { location } = await client.getBucketLocation('new-bucket');
    const deleted = await client.deleteBucket('new-bucket');

    expect(created.bucket).toBe('new-bucket');
    expect(buckets).toMatchObject([
      { name: 'examplebucket', region: 'oss-cn-hangzhou', storageClass: 'Standard' },
      { name: 'new-bucket', region: 'oss-cn-hangzhou', storageClass: 'IA' },
    ]);
    expect(owner.id).toMatch(/./);
    expect(bucket).toMatchObject({ Name: 'new-bucket', Location: 'oss-cn-hangzhou' });
    expect(location).toBe('oss-cn-hangzhou');
    expect(deleted.res.status).toBe(204);
    expect((await client.listBuckets({ prefix: 'example' })).buckets).toHaveLength(1);
  });

  test('keep their objects separate', async () => {
    await using emulator = await startEmulator({ buckets: ['first-bucket', 'second-bucket'] });
    const client = connect(emulator, way);

    client.useBucket('first-bucket');
    await client.append('a', Buffer.from('first'));
    client.useBucket('second-bucket');
    await client.append('a', Buffer.from('second'));

    expect(String(await emulator.read('first-bucket', 'a'))).toBe('first');
    expect(String(await emulator.read('second-bucket', 'a'))).toBe('second');
  });

  test('are not deleted while they contain objects', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a', Buffer.from('foo'));

    await expect(client.deleteBucket('examplebucket')).rejects.toMatchObject({
      name: 'BucketNotEmptyError',
      status: 409,
    });
  });
});
