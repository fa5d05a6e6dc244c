import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../src/emulator/index.js';
import { append, element, type RequestOptions, send } from '../signed-request.js';

interface Times {
  readonly etag: string;
  readonly same: string;
  readonly before: string;
  readonly after: string;
}

/** Creates the object `a` and returns its ETag and times around its creation. */
async function createObject(emulator: Emulator): Promise<Times> {
  await append(emulator, 'a', 0, 'abcd', { headers: { 'cache-control': 'no-cache' } });
  const { headers } = await send(emulator, { method: 'HEAD', key: 'a' });
  const time = Date.parse(headers['last-modified'] ?? '');
  return {
    etag: String(headers.etag),
    same: new Date(time).toUTCString(),
    before: new Date(time - 1000).toUTCString(),
    after: new Date(time + 3_600_000).toUTCString(),
  };
}

describe.each(['GET', 'HEAD'])('a conditional %s', (method) => {
  const read = (emulator: Emulator, headers: RequestOptions['headers'] = {}) =>
    send(emulator, { method, key: 'a', headers });

  test.each<{ scenario: string; headers: (times: Times) => Record<string, string> }>([
    { scenario: 'the ETag matches', headers: ({ etag }) => ({ 'if-match': etag }) },
    {
      scenario: 'the ETag matches except for the quotes',
      headers: ({ etag }) => ({ 'if-match': etag.replaceAll('"', '') }),
    },
    {
      scenario: 'one of the ETags matches',
      headers: ({ etag }) => ({ 'if-match': `"X", ${etag}` }),
    },
    { scenario: 'any object exists', headers: () => ({ 'if-match': '*' }) },
    { scenario: 'no ETag matches', headers: () => ({ 'if-none-match': '"X"' }) },
    {
      scenario: 'it has changed since',
      headers: ({ before }) => ({ 'if-modified-since': before }),
    },
    {
      scenario: 'it has not changed after the second of its change',
      headers: ({ same }) => ({ 'if-unmodified-since': same }),
    },
    {
      scenario: 'it has not changed since',
      headers: ({ after }) => ({ 'if-unmodified-since': after }),
    },
    {
      scenario: 'the dates are invalid',
      headers: () => ({ 'if-modified-since': 'soon', 'if-unmodified-since': 'late' }),
    },
    {
      scenario: 'all conditions hold',
      headers: ({ etag, before, after }) => ({
        'if-match': etag,
        'if-none-match': '"X"',
        'if-modified-since': before,
        'if-unmodified-since': after,
      }),
    },
  ])('is answered with 200 if $scenario', async ({ headers }) => {
    await using emulator = await startEmulator();
    const times = await createObject(emulator);

    const response = await read(emulator, headers(times));

    expect(response.status).toBe(200);
    expect(String(response.body)).toBe(method === 'GET' ? 'abcd' : '');
  });

  test.each<{ scenario: string; headers: (times: Times) => Record<string, string> }>([
    { scenario: 'the ETag matches', headers: ({ etag }) => ({ 'if-none-match': etag }) },
    {
      scenario: 'it has not changed after the second of its change',
      headers: ({ same }) => ({ 'if-modified-since': same }),
    },
    {
      scenario: 'it has not changed since',
      headers: ({ after }) => ({ 'if-modified-since': after }),
    },
    {
      scenario: 'it has not changed since, although the ETag differs',
      headers: ({ after }) => ({ 'if-modified-since': after, 'if-none-match': '"X"' }),
    },
  ])('is answered with 304 if $scenario', async ({ headers }) => {
    await using emulator = await startEmulator();
    const times = await createObject(emulator);

    const response = await read(emulator, headers(times));

    expect(response.status).toBe(304);
    expect(response.body.byteLength).toBe(0);
    expect(response.headers).not.toHaveProperty('content-length');
    expect(response.headers).not.toHaveProperty('x-oss-err');
    expect(response.headers).toMatchObject({ etag: times.etag, 'cache-control': 'no-cache' });
  });

  test.each<{ condition: string; headers: (times: Times) => Record<string, string> }>([
    { condition: 'If-Match', headers: () => ({ 'if-match': '"X"' }) },
    {
      condition: 'If-Unmodified-Since',
      headers: ({ before }) => ({ 'if-unmodified-since': before }),
    },
    {
      condition: 'If-Unmodified-Since',
      headers: ({ etag, before }) => ({ 'if-match': etag, 'if-unmodified-since': before }),
    },
    {
      condition: 'If-Match',
      headers: ({ etag }) => ({ 'if-match': '"X"', 'if-none-match': etag }),
    },
  ])('is refused by $condition, which the answer names', async ({ condition, headers }) => {
    await using emulator = await startEmulator();
    const times = await createObject(emulator);

    const response = await read(emulator, headers(times));

    expect(response.status).toBe(412);
    expect(element(response, 'Code')).toBe('PreconditionFailed');
    expect(element(response, 'Message')).toBe(
      'At least one of the pre-conditions you specified did not hold.',
    );
    expect(element(response, 'Condition')).toBe(condition);
    expect('x-oss-err' in response.headers).toBe(method === 'HEAD');
  });

  test('of a missing key is answered with NoSuchKey', async () => {
    await using emulator = await startEmulator();

    const response = await read(emulator, { 'if-match': '"X"' });

    expect(element(response, 'Code')).toBe('NoSuchKey');
  });
});

describe('a conditional write', () => {
  const conditions = ['If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since'];

  test.each(conditions)('with %s is refused and stores nothing', async (condition) => {
    await using emulator = await startEmulator();
    const headers = { [condition.toLowerCase()]: '*' };

    const appended = await append(emulator, 'a', 0, 'x', { headers });
    const put = await send(emulator, { method: 'PUT', key: 'a', body: 'x', headers });

    for (const response of [appended, put]) {
      expect(response.status).toBe(400);
      expect(element(response, 'Code')).toBe('NotImplemented');
      expect(element(response, 'Header')).toBe(condition);
    }
    expect((await send(emulator, { method: 'HEAD', key: 'a' })).status).toBe(404);
  });
});
