import { finished } from 'node:stream/promises';
import { Agent, Client, type Dispatcher } from 'undici';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable, OssClient } from '../../src/index.js';
import { applyThenFail, failWith, ScriptedClient } from '../append/scripted-client.js';
import { openStream } from '../helpers/open-stream.js';

// Retries cannot repair a bug in the client or the dispatcher that a stream was given.

const mistakes = [
  { mistake: new TypeError('this.sned is not a function'), name: 'TypeError' },
  { mistake: new ReferenceError('sned is not defined'), name: 'ReferenceError' },
];

async function deliver(client: ScriptedClient) {
  const stream = new AppendWritable({
    client,
    key: 'a.log',
    retry: { retries: 3, minTimeout: 0, maxTimeout: 0 },
  });
  stream.end('hello');
  const error = await finished(stream).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, retries: stream.stats.retries, uncommitted: stream.takeUncommitted() };
}

describe('a client with a programming error', () => {
  test.each(mistakes)('ends the stream at once at opening: $name', async ({ mistake, name }) => {
    const client = new ScriptedClient().script('head', failWith(mistake));
    const { error, retries } = await deliver(client);

    expect(error).toMatchObject({
      message: `The client threw a ${name}: ${mistake.message}`,
      cause: mistake,
    });
    expect([client.calls, retries]).toEqual([['head'], 0]);
  });

  test.each(mistakes)('gets one attempt, and the chunk is unconfirmed: $name', async (row) => {
    const { mistake, name } = row;
    const client = new ScriptedClient().script('append', failWith(mistake));
    const { error, retries, uncommitted } = await deliver(client);

    expect(error).toMatchObject({
      code: 'APPEND_ERR_UNCONFIRMED',
      message: `Cannot tell whether the append of 5 bytes to "a.log" at position 0 landed: The client threw a ${name}: ${mistake.message}`,
      cause: { cause: mistake },
    });
    expect([client.calls, retries]).toEqual([['head', 'append 0+5', 'head'], 0]);
    expect(uncommitted).toMatchObject({ confirmed: false });
  });

  test('does not end the stream when HEAD shows that the chunk was stored', async () => {
    const [{ mistake }] = mistakes as [(typeof mistakes)[0]];
    const client = new ScriptedClient().script('append', applyThenFail(mistake));
    const { error, retries } = await deliver(client);

    expect([error, client.contents, retries]).toEqual([undefined, 'hello', 0]);
  });

  test('gets one HEAD when reconciling', async () => {
    const [{ mistake }] = mistakes as [(typeof mistakes)[0]];
    const client = new ScriptedClient();
    client.script('append', failWith(new Error('reset')));
    client.script('head', ({ apply }) => apply(), failWith(mistake));
    const { error, retries } = await deliver(client);

    expect(error).toMatchObject({ code: 'APPEND_ERR_UNCONFIRMED' });
    expect([client.calls, retries]).toEqual([['head', 'append 0+5', 'head'], 0]);
  });

  test('gets one attempt also when it throws instead of returning a promise', async () => {
    const client = new ScriptedClient();
    client.appendObject = () => {
      client.calls.push('append');
      throw new TypeError('this.sned is not a function');
    };
    const { error } = await deliver(client);

    expect(error).toMatchObject({ code: 'APPEND_ERR_UNCONFIRMED' });
    expect(client.calls).toEqual(['head', 'append', 'head']);
  });

  test.each([
    { of: 'Node.js', error: new TypeError('fetch failed', { cause: new Error('ECONNRESET') }) },
    { of: 'Node.js, in an answer', error: new TypeError('terminated') },
    {
      of: 'any client that gives a cause',
      error: new TypeError('no answer', { cause: new Error('reset') }),
    },
    { of: 'Deno', error: new TypeError('error sending request for url (http://x/)') },
    { of: 'a polyfill', error: new TypeError('Network request failed') },
  ])(
    'is not assumed for a TypeError that reports a network failure: $of',
    async ({ error: thrown }) => {
      const client = new ScriptedClient();
      client.script('head', failWith(thrown)).script('append', failWith(thrown));
      const { error, retries } = await deliver(client);

      expect([error, client.contents, retries]).toEqual([undefined, 'hello', 2]);
    },
  );
});

describe('a dispatcher with a programming error', () => {
  const retry = { retries: 3, minTimeout: 0, maxTimeout: 0 };

  test.each(mistakes)(
    'ends the stream at once, and the message names the dispatcher: $name',
    async (row) => {
      const { mistake, name } = row;
      let calls = 0;
      const dispatcher = {
        dispatch() {
          calls++;
          throw mistake;
        },
      } as unknown as Dispatcher;
      await using emulator = await startEmulator();
      const stream = openStream(emulator, 'a.log', { dispatcher, retry });
      stream.end('hello');

      await expect(finished(stream)).rejects.toMatchObject({
        outcome: 'fatal',
        cause: mistake,
        message: expect.stringMatching(
          new RegExp(` failed: the dispatcher threw a ${name}: ${mistake.message}$`),
        ),
      });
      expect(calls).toBe(1);
    },
  );

  test('may come from a runtime that replaces undici, and the client still closes', async () => {
    await using emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator;
    const client = new OssClient({ endpoint, region, credentials, bucket: 'examplebucket' });
    const dispatch = vi.spyOn(Client.prototype, 'dispatch').mockImplementation(() => {
      throw new TypeError('dispatch is not a function');
    });
    onTestFinished(() => dispatch.mockRestore());

    await expect(client.appendObject('a.log', 0, Buffer.from('hello'))).rejects.toMatchObject({
      outcome: 'fatal',
    });
    await client.close();
  });

  /** Calls `act`, which throws, instead of sending an append from the nth on. */
  function throwFrom(nth: number, act: (options: Dispatcher.DispatchOptions) => void) {
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    let posts = 0;
    return agent.compose((dispatch) => (options, handler) => {
      if (options.method === 'POST' && ++posts >= nth) act(options);
      return dispatch(options, handler);
    });
  }

  test('leaves the chunk confirmed as not stored when it throws before sending', async () => {
    await using emulator = await startEmulator();
    const dispatcher = throwFrom(2, () => {
      throw new TypeError('dispatch is not a function');
    });
    const stream = openStream(emulator, 'a.log', { dispatcher, retry, chunkSize: 4 });
    stream.end('aaaabbbb');

    await expect(finished(stream)).rejects.toMatchObject({ outcome: 'fatal' });
    expect(stream.bytesWritten).toBe(4);
    expect(stream.takeUncommitted()).toMatchObject({ confirmed: true, position: 4 });
  });

  test('leaves the chunk unconfirmed when an earlier attempt was lost', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 2 });
    const dispatcher = throwFrom(3, () => {
      throw new TypeError('dispatch is not a function');
    });
    const stream = openStream(emulator, 'a.log', { dispatcher, retry, chunkSize: 4 });
    stream.end('aaaabbbb');

    await expect(finished(stream)).rejects.toMatchObject({ code: 'APPEND_ERR_UNCONFIRMED' });
    expect(stream.stats.retries).toBe(1);
    expect(stream.takeUncommitted()).toMatchObject({ confirmed: false });
  });
});
