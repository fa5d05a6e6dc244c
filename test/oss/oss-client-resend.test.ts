import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CredentialsProvider } from '../../src/oss/credentials/credentials.js';
import { OssClient, type OssClientOptions } from '../../src/oss/oss-client.js';
import { answer, refuse, type Script, startScriptedServer } from './scripted-server.js';

const hello = Buffer.from('hello');
const accessKey = { accessKeyId: 'ak', accessKeySecret: 'sk' };
const appended = answer(200, { 'x-oss-next-append-position': '5' });
const anHour = 3_600_000;

async function connect(
  credentials: NonNullable<OssClientOptions['credentials']>,
  ...scripts: Script[]
) {
  const server = await startScriptedServer(...scripts);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const client = new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint: server.endpoint,
    credentials,
  });
  onTestFinished(() => client.close());
  return { server, client };
}

/** Milliseconds between the signing time of a request and the local time. */
function signedAhead(headers: Record<string, unknown> | undefined): number {
  const [, ...parts] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers?.['x-oss-date'])) ?? [];
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  return Date.UTC(year, month - 1, ...(rest as [number])) - Date.now();
}

describe('a request refused because of a wrong clock', () => {
  const inAnHour = () => new Date(Date.now() + anHour);

  test.each([
    { scenario: 'Date', refusal: () => ({ headers: { date: inAnHour().toUTCString() } }) },
    {
      scenario: 'ServerTime',
      refusal: () => ({
        headers: { date: 'unreadable' },
        elements: `<ServerTime>${inAnHour().toISOString()}</ServerTime>`,
      }),
    },
  ])('is re-signed with the $scenario of the answer, which later requests use too', async (row) => {
    const { client, server } = await connect(
      accessKey,
      refuse(403, 'RequestTimeTooSkewed', row.refusal()),
      appended,
    );
    expect(await client.appendObject('a.log', 0, hello)).toMatchObject({ nextPosition: 5 });
    await client.appendObject('a.log', 5, hello);

    const [first, second, third] = server.requests;
    expect(server.requests).toHaveLength(3);
    expect(String(second?.body)).toBe('hello');
    expect(Math.abs(signedAhead(first?.headers))).toBeLessThan(5000);
    expect(Math.abs(signedAhead(second?.headers) - anHour)).toBeLessThan(5000);
    expect(Math.abs(signedAhead(third?.headers) - anHour)).toBeLessThan(5000);
    expect(second?.headers.authorization).not.toBe(first?.headers.authorization);
  });

  test('is re-signed with the time of OSS rather than with that of a gateway', async () => {
    const { client, server } = await connect(
      accessKey,
      refuse(403, 'RequestTimeTooSkewed', {
        headers: { date: new Date().toUTCString() },
        elements: `<ServerTime>${inAnHour().toISOString()}</ServerTime>`,
      }),
      appended,
    );
    expect(await client.appendObject('a.log', 0, hello)).toMatchObject({ nextPosition: 5 });
    expect(Math.abs(signedAhead(server.requests[1]?.headers) - anHour)).toBeLessThan(5000);
  });

  test('makes later requests compare the expiration of credentials with the clock of OSS', async () => {
    const anHourAgo = () => new Date(Date.now() - anHour);
    const provider = vi.fn(async () => ({ ...accessKey, expiration: Date.now() - anHour / 2 }));
    const { client, server } = await connect(
      provider,
      refuse(403, 'RequestTimeTooSkewed', {
        elements: `<ServerTime>${anHourAgo().toISOString()}</ServerTime>`,
      }),
      appended,
    );
    for (let count = 0; count < 3; count++) await client.appendObject('a.log', 0, hello);
    expect(server.requests).toHaveLength(4);
    expect(provider).toHaveBeenCalledTimes(1);
  });

  test('is sent once more at most', async () => {
    const { client, server } = await connect(accessKey, refuse(403, 'RequestTimeTooSkewed'));
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'fatal',
      ossCode: 'RequestTimeTooSkewed',
    });
    expect(server.requests).toHaveLength(2);
  });

  test('is not sent again if the answer has no time', async () => {
    const { client, server } = await connect(
      accessKey,
      refuse(403, 'RequestTimeTooSkewed', { headers: { date: 'unreadable' } }),
    );
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'fatal',
    });
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    { scenario: 'that is the last of a Date', date: 'Sat, 13 Sep 275760 00:00:00 GMT' },
    { scenario: 'of a year with five digits', date: 'Sat, 01 Jan 10000 00:00:00 GMT' },
    { scenario: 'before 1970', date: 'Wed, 31 Dec 1969 23:59:59 GMT' },
    { scenario: 'that is the first of a Date', date: '-271821-04-20T00:00:00.000Z' },
  ])(
    'is not sent again for a time $scenario, and later requests do not use that time',
    async ({ date }) => {
      const { client, server } = await connect(
        accessKey,
        refuse(403, 'RequestTimeTooSkewed', {
          headers: { date },
          elements: `<ServerTime>${date}</ServerTime>`,
        }),
        appended,
      );
      await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
        outcome: 'fatal',
      });
      expect(await client.appendObject('a.log', 0, hello)).toMatchObject({ nextPosition: 5 });
      expect(Math.abs(signedAhead(server.requests[1]?.headers))).toBeLessThan(5000);
    },
  );

  test('is not sent again if the refusal is not from OSS', async () => {
    const { client, server } = await connect(accessKey, (_seen, response) => {
      response.writeHead(403);
      response.end('<Error><Code>RequestTimeTooSkewed</Code></Error>');
    });
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'unknown',
      answered: false,
    });
    expect(server.requests).toHaveLength(1);
  });

  test('is re-signed if the refused request is a HEAD', async () => {
    const document = Buffer.from('<Error><Code>RequestTimeTooSkewed</Code></Error>');
    const { client, server } = await connect(
      accessKey,
      answer(403, {
        'x-oss-err': document.toString('base64'),
        date: inAnHour().toUTCString(),
      }),
      answer(200, { 'content-length': '7' }),
    );
    expect(await client.headObject('a.log')).toMatchObject({ length: 7 });
    expect(Math.abs(signedAhead(server.requests[1]?.headers) - anHour)).toBeLessThan(5000);
  });
});

describe('a request refused because of its credentials', () => {
  const refusals = ['SecurityTokenExpired', 'InvalidSecurityToken', 'InvalidAccessKeyId'];

  /** Credentials with an expiration in an hour, different ones for each call. */
  function changing() {
    let count = 0;
    return vi.fn(async () => ({
      ...accessKey,
      securityToken: `token${++count}`,
      expiration: Date.now() + anHour,
    }));
  }

  test.each(refusals)('with %s is re-signed with new ones', async (code) => {
    const provider = changing();
    const { client, server } = await connect(provider, refuse(403, code), appended);
    expect(await client.appendObject('a.log', 0, hello)).toMatchObject({ nextPosition: 5 });
    await client.appendObject('a.log', 5, hello);
    expect(server.requests.map(({ headers }) => headers['x-oss-security-token'])).toEqual([
      'token1',
      'token2',
      'token2',
    ]);
    expect(provider).toHaveBeenCalledTimes(2);
  });

  test('is sent once more at most', async () => {
    const { client, server } = await connect(changing(), refuse(403, 'SecurityTokenExpired'));
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'fatal',
      ossCode: 'SecurityTokenExpired',
    });
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    { scenario: 'the provider returns the same ones', credentials: () => accessKey },
    { scenario: 'they are fixed', credentials: accessKey },
  ])('is not sent again when $scenario', async ({ credentials }) => {
    const { client, server } = await connect(credentials, refuse(403, 'InvalidAccessKeyId'));
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'fatal',
      ossCode: 'InvalidAccessKeyId',
    });
    expect(server.requests).toHaveLength(1);
  });

  test('fails as rejected if the provider then fails', async () => {
    const provider = vi.fn<CredentialsProvider>(async () => accessKey);
    provider.mockResolvedValueOnce(accessKey).mockRejectedValueOnce(new Error('down'));
    const { client } = await connect(provider, refuse(403, 'SecurityTokenExpired'));
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      code: 'APPEND_ERR_CREDENTIALS',
      outcome: 'rejected',
    });
  });

  test.each(['AccessDenied', 'SignatureDoesNotMatch'])('with %s is final', async (code) => {
    const { client, server } = await connect(changing(), refuse(403, code));
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({ ossCode: code });
    expect(server.requests).toHaveLength(1);
  });
});

test('a provider that hangs delays no request while the cached credentials are valid', async () => {
  const soon = Date.now() + 100_000;
  const provider = vi.fn<CredentialsProvider>(() => new Promise<never>(() => {}));
  provider.mockResolvedValueOnce({ ...accessKey, expiration: soon });
  const { client, server } = await connect(provider, appended);
  for (let count = 0; count < 3; count++) await client.appendObject('a.log', 0, hello);
  expect(server.requests).toHaveLength(3);
  expect(provider).toHaveBeenCalledTimes(2);
});

test('a request that is sent once more gets its whole timeout again', async () => {
  const slowly =
    (script: Script): Script =>
    async (...exchange) => {
      await delay(300);
      await script(...exchange);
    };
  const server = await startScriptedServer(
    slowly(refuse(403, 'RequestTimeTooSkewed')),
    slowly(appended),
  );
  onTestFinished(() => server[Symbol.asyncDispose]());
  const client = new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint: server.endpoint,
    credentials: accessKey,
    requestTimeout: 500,
  });
  onTestFinished(() => client.close());
  expect(await client.appendObject('a.log', 0, new Uint8Array())).toMatchObject({
    nextPosition: 5,
  });
});
