import { buffer } from 'node:stream/consumers';
import { Agent, fetch, MockAgent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { OssClient } from '../../src/index.js';
import { startScriptedServer } from './scripted-server.js';

// undici reveals sockets on a diagnostics channel that the whole process shares.

const origin = 'http://127.0.0.1:1';

function createMock(): { agent: MockAgent; client: OssClient } {
  const agent = new MockAgent();
  agent.disableNetConnect();
  onTestFinished(() => agent.close());
  const client = new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint: origin,
    dispatcher: agent,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'hunter2' },
  });
  return { agent, client };
}

const bundled = globalThis.fetch;

test.each([
  {
    scenario: "Node's fetch",
    post: async (url: string, body: Buffer) =>
      (await bundled(url, { method: 'POST', body })).text(),
  },
  {
    scenario: "the installed undici's fetch",
    post: async (url: string, body: Buffer) => (await fetch(url, { method: 'POST', body })).text(),
  },
  {
    scenario: "the installed undici's request() for the same path",
    post: async (url: string, body: Buffer) => {
      const dispatcher = new Agent();
      onTestFinished(() => dispatcher.close());
      const path = '/logs/a.log?append&position=0';
      const { body: answer } = await request(`${new URL(url).origin}${path}`, {
        method: 'POST',
        body,
        dispatcher,
      });
      return answer.text();
    },
  },
])('the end of a mocked request does not affect $scenario', async ({ post }) => {
  let release = () => {};
  const isArriving = new Promise<void>((resolve) => {
    release = resolve;
  });
  let readOn = () => {};
  const mayRead = new Promise<void>((resolve) => {
    readOn = resolve;
  });
  const server = await startScriptedServer(async (_seen, response, incoming) => {
    release();
    await mayRead;
    response.end(String((await buffer(incoming)).byteLength));
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const { agent, client } = createMock();
  agent
    .get(origin)
    .intercept({ method: 'POST', path: '/logs/a.log?append&position=0' })
    .reply(
      200,
      async () => {
        // The other request has started, and waits with most of its body in the socket.
        await isArriving;
        return '';
      },
      { headers: { 'x-oss-request-id': 'R', 'x-oss-next-append-position': '5' } },
    );

  const appending = client.appendObject('a.log', 0, Buffer.from('hello'));
  const body = Buffer.alloc(32 * 1024 * 1024);
  const posting = post(`${server.endpoint}/elsewhere`, body);
  await expect(appending).resolves.toMatchObject({ nextPosition: 5 });
  readOn();

  expect(await posting).toBe(String(body.byteLength));
});
