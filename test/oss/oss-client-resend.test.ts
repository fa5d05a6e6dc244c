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

/** Milliseconds between the time a request was signed for and ours. */
function signedAhead(headers: Record<string, unknown> | undefined): number {
  const [, ...parts] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers?.['x-oss-date'])) ?? [];
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  return Date.UTC(year, month - 1, ...(rest as [number])) - Date.now();
}

describe('a request refused for its clock', () => {
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
  ])('is signed again by the $scenario of the answer, and so is every later one', async (row) => {
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

  test('is signed again by the time of OSS rather than by that of a gateway', async () => {
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

  test('tells when credentials end by the clock of OSS from then on', async () => {
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

  test('is not sent again when the answer tells no time', async () => {
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
    { scenario: 'the last that a Date can be', date: 'Sat, 13 Sep 275760 00:00:00 GMT' },
    { scenario: 'of a year with five digits', date: 'Sat, 01 Jan 10000 00:00:00 GMT' },
    { scenario: 'before 1970', date: 'Wed, 31 Dec 1969 23:59:59 GMT' },
    { scenario: 'the first that a Date can be', date: '-271821-04-20T00:00:00.000Z' },
  ])('is not sent again for a time $scenario, and spoils no later request', async ({ date }) => {
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
  });

  test('is not sent again when it was not OSS that refused', async () => {
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

  test('is signed again where the refusal comes with a HEAD', async () => {
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

describe('a request refused for its credentials', () => {
  const refusals = ['SecurityTokenExpired', 'InvalidSecurityToken', 'InvalidAccessKeyId'];

  /** Credentials that seem good for an hour, other ones with each call. */
  function changing() {
    let count = 0;
    return vi.fn(async () => ({
      ...accessKey,
      securityToken: `token${++count}`,
      expiration: Date.now() + anHour,
    }));
  }

  test.each(refusals)('with %s is signed again with new ones', async (code) => {
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
    { scenario: 'the same ones come', credentials: () => accessKey },
    { scenario: 'they cannot change', credentials: accessKey },
  ])('is not sent again when $scenario', async ({ credentials }) => {
    const { client, server } = await connect(credentials, refuse(403, 'InvalidAccessKeyId'));
    await expect(client.appendObject('a.log', 0, hello)).rejects.toMatchObject({
      outcome: 'fatal',
      ossCode: 'InvalidAccessKeyId',
    });
    expect(server.requests).toHaveLength(1);
  });

  test('is worth trying again when the provider fails then', async () => {
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

test('a provider that hangs holds up no request while the credentials last', async () => {
  const soon = Date.now() + 100_000;
  const provider = vi.fn<CredentialsProvider>(() => new Promise<never>(() => {}));
  provider.mockResolvedValueOnce({ ...accessKey, expiration: soon });
  const { client, server } = await connect(provider, appended);
  for (let count = 0; count < 3; count++) await client.appendObject('a.log', 0, hello);
  expect(server.requests).toHaveLength(3);
  expect(provider).toHaveBeenCalledTimes(2);
});

test('a request sent once more has its whole time again', async () => {
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
