import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../src/emulator/index.js';
import { append, element, type RequestOptions, send } from '../signed-request.js';

/** Parameters that select an operation of OSS that the emulator does not implement. */
const subresources = [
  'publicAccessBlock',
  'resourceGroup',
  'policy',
  'wormId',
  'httpsConfig',
  'cname',
  'legalHold',
  'retention',
  'regions',
  'dataPipeline',
  'policyStatus',
  'redundancyTransition',
  'userDefinedLogFieldsConfig',
  'accessPointConfigForObjectProcess',
  'sql',
  'csv/select',
  'accessPointPolicyForObjectProcess',
  'json/select',
  'putVectors',
  'deleteVectorIndex',
];

/** A request for every operation that changes data. */
const changes: readonly (RequestOptions & { readonly operation: string })[] = [
  {
    operation: 'append',
    method: 'POST',
    key: 'a',
    query: { append: '', position: '7' },
    body: 'x',
  },
  { operation: 'seal', method: 'POST', key: 'a', query: { seal: '', position: '7' } },
  { operation: 'put', method: 'PUT', key: 'a', body: 'x' },
  { operation: 'put-object-acl', method: 'PUT', key: 'a', query: { acl: '' } },
  { operation: 'delete', method: 'DELETE', key: 'a' },
  {
    operation: 'delete-objects',
    method: 'POST',
    query: { delete: '' },
    body: '<Delete><Object><Key>a</Key></Object></Delete>',
  },
  { operation: 'put-bucket', method: 'PUT', bucket: 'new-bucket' },
  { operation: 'delete-bucket', method: 'DELETE', bucket: 'empty-bucket' },
];

async function start() {
  const emulator = await startEmulator({ buckets: ['examplebucket', 'empty-bucket'] });
  await append(emulator, 'a', 0, 'content');
  return emulator;
}

/** The state that an unwanted change would affect. */
async function stateOf(emulator: Emulator) {
  const head = await send(emulator, { method: 'HEAD', key: 'a' });
  const acl = await send(emulator, { key: 'a', query: { acl: '' } });
  const buckets = await send(emulator, { bucket: '' });
  const { date, 'x-oss-request-id': _, 'x-oss-server-time': __, ...headers } = head.headers;
  return {
    headers,
    acl: element(acl, 'Grant'),
    buckets: String(buckets.body).match(/<Name>[^<]+/g),
    content: String(await emulator.read('examplebucket', 'a')),
  };
}

describe('a request for an operation that is not implemented is refused and changes nothing:', () => {
  test.each(
    changes.flatMap((change) => ['invented', ...subresources].map((name) => ({ ...change, name }))),
  )('$operation with ?$name', async ({ name, operation: _, ...request }) => {
    await using emulator = await start();
    const before = await stateOf(emulator);

    const response = await send(emulator, {
      ...request,
      query: { ...request.query, [name]: '' },
      body: request.body ?? '',
    });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('NotImplemented');
    expect(await stateOf(emulator)).toEqual(before);
  });

  const headers = {
    'x-oss-copy-source': '/examplebucket/b',
    'x-oss-callback': 'e30=',
    'x-oss-rename': 'b',
    'x-oss-delete': 'true',
    'x-oss-symlink-target': 'b',
    'x-oss-invented': '1',
  };

  test.each(
    changes.flatMap((change) =>
      Object.entries(headers).map(([name, value]) => ({ ...change, name, value })),
    ),
  )('$operation with the header $name', async ({ name, value, operation: _, ...request }) => {
    await using emulator = await start();
    const before = await stateOf(emulator);

    const response = await send(emulator, {
      ...request,
      headers: { [name]: value },
      body: request.body ?? '',
    });

    expect(element(response, 'Code')).toBe('NotImplemented');
    expect(await stateOf(emulator)).toEqual(before);
  });

  const readers = [
    { what: 'the buckets', bucket: '' },
    { what: 'a bucket' },
    { what: 'an object', key: 'a' },
  ];

  test.each(readers.flatMap((reader) => subresources.map((name) => ({ ...reader, name }))))(
    'a read of $what with ?$name',
    async ({ name, what: _, ...request }) => {
      await using emulator = await start();

      for (const method of ['GET', 'HEAD']) {
        const { status } = await send(emulator, { ...request, method, query: { [name]: '' } });
        expect(status).toBe(400);
      }
    },
  );
});

describe('a request with a parameter that does not change its operation is accepted:', () => {
  const modifiers = {
    'encoding-type': 'url',
    'response-content-type': 'text/plain',
    'x-oss-request-payer': 'requester',
    'x-oss-traffic-limit': '245760',
    'security-token': 'token',
    'x-oss-security-token': 'token',
  };

  test.each(
    changes.flatMap((change) =>
      Object.entries(modifiers).map(([name, value]) => ({ ...change, name, value })),
    ),
  )('$operation with ?$name', async ({ name, value, operation, ...request }) => {
    await using emulator = await start();
    const body = request.body ?? '';
    // Two operations require a header.
    const needed = {
      'put-object-acl': { 'x-oss-object-acl': 'private' },
      'delete-objects': { 'content-md5': 'aFPqFnlCon58cZ4Qt7zwvQ==' },
    };

    const response = await send(emulator, {
      ...request,
      query: { ...request.query, [name]: value },
      headers: needed[operation as keyof typeof needed] ?? {},
      body,
    });

    expect(response.status).toBeOneOf([200, 204]);
  });

  test('a read with unknown parameters', async () => {
    await using emulator = await start();

    const response = await send(emulator, { key: 'a', query: { t: '123', _: 'cache' } });
    expect(String(response.body)).toBe('content');
  });

  test('an operation on the version null, the only one of an object without versions', async () => {
    await using emulator = await start();
    const versionId = 'null';

    expect((await send(emulator, { key: 'a', query: { versionId } })).status).toBe(200);
    const refused = await send(emulator, {
      method: 'DELETE',
      key: 'a',
      query: { versionId: 'v1' },
    });
    expect(element(refused, 'Code')).toBe('NotImplemented');
    const deleted = await send(emulator, { method: 'DELETE', key: 'a', query: { versionId } });
    expect(deleted.status).toBe(204);
    await expect(emulator.read('examplebucket', 'a')).rejects.toThrow('no such object');
  });
});
