import dns from 'node:dns';
import net from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { OssClient } from '../../src/index.js';
import { closedPort } from '../helpers/closed-port.js';

/** A client of a host with these addresses. */
function createClient(port: number, addresses: readonly string[]): OssClient {
  const resolve: unknown = (_name: string, _options: object, callback: net.LookupFunction) =>
    Reflect.apply(callback, undefined, [
      null,
      addresses.map((address) => ({ address, family: net.isIP(address) })),
    ]);
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation(resolve as typeof dns.lookup);
  const client = new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint: `http://oss.test:${port}`,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'hunter2' },
  });
  onTestFinished(async () => {
    lookup.mockRestore();
    await client.close();
  });
  return client;
}

test('four addresses of a host are each tried within the connect timeout', async () => {
  const connect = vi.spyOn(net, 'connect');
  onTestFinished(() => connect.mockRestore());
  const client = createClient(await closedPort(), ['127.0.0.1', '127.0.0.2']);
  await expect(client.headObject('a.log')).rejects.toMatchObject({ outcome: 'rejected' });

  const [[options] = []] = connect.mock.calls as unknown as [Record<string, number>][];
  // Enough for a round trip around the world and one lost packet, which is sent again after a
  // second.
  expect(options?.autoSelectFamilyAttemptTimeout).toBe(2500);
});

test('the error of a failed connection names every address that was tried', async () => {
  const port = await closedPort();
  const client = createClient(port, ['127.0.0.1', '127.0.0.2']);

  await expect(client.headObject('a.log')).rejects.toMatchObject({
    message: `Cannot read the state of "a.log": HEAD to http://logs.oss.test:${port} failed: no address could be reached: 127.0.0.1:${port} ECONNREFUSED, 127.0.0.2:${port} ECONNREFUSED`,
  });
});
