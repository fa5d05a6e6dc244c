import { finished } from 'node:stream/promises';
import { Agent, Client, type Dispatcher } from 'undici';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable, OssClient } from '../../src/index.js';
import { applyThenFail, failWith, ScriptedClient } from '../append/scripted-client.js';
import { openStream } from '../helpers/open-stream.js';

// What is wrong with the code that a stream was given stays wrong, however often it is tried.

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
  test.each(mistakes)('ends the stream at once when it opens: $name', async ({ mistake, name }) => {
    const client = new ScriptedClient().script('head', failWith(mistake));
    const { error, retries } = await deliver(client);

    expect(error).toMatchObject({
      message: `The client threw a ${name}: ${mistake.message}`,
      cause: mistake,
    });
    expect([client.calls, retries]).toEqual([['head'], 0]);
  });

  test.each(mistakes)('has one attempt, after which nobody knows: $name', async (row) => {
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

  test('is forgiven where the object turns out to hold the bytes', async () => {
    const [{ mistake }] = mistakes as [(typeof mistakes)[0]];
    const client = new ScriptedClient().script('append', applyThenFail(mistake));
    const { error, retries } = await deliver(client);

    expect([error, client.contents, retries]).toEqual([undefined, 'hello', 0]);
  });

  test('cannot be asked again and again either', async () => {
    const [{ mistake }] = mistakes as [(typeof mistakes)[0]];
    const client = new ScriptedClient();
    client.script('append', failWith(new Error('reset')));
    client.script('head', ({ apply }) => apply(), failWith(mistake));
    const { error, retries } = await deliver(client);

    expect(error).toMatchObject({ code: 'APPEND_ERR_UNCONFIRMED' });
    expect([client.calls, retries]).toEqual([['head', 'append 0+5', 'head'], 0]);
  });

  test('that throws instead of returning a promise has one attempt too', async () => {
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
    { of: 'whoever says why', error: new TypeError('no answer', { cause: new Error('reset') }) },
    { of: 'Deno', error: new TypeError('error sending request for url (http://x/)') },
    { of: 'a polyfill', error: new TypeError('Network request failed') },
  ])('is not what fetch throws when the network fails: $of', async ({ error: thrown }) => {
    const client = new ScriptedClient();
    client.script('head', failWith(thrown)).script('append', failWith(thrown));
    const { error, retries } = await deliver(client);

    expect([error, client.contents, retries]).toEqual([undefined, 'hello', 2]);
  });
});

describe('a dispatcher with a programming error', () => {
  const retry = { retries: 3, minTimeout: 0, maxTimeout: 0 };

  test.each(mistakes)('ends the stream at once, which says whose it is: $name', async (row) => {
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
  });

  test('may be our own, where a runtime replaces undici, and keeps nothing', async () => {
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

  /** Throws instead of sending an append, from the nth on. */
  function throwFrom(nth: number, act: (options: Dispatcher.DispatchOptions) => void) {
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    let posts = 0;
    return agent.compose((dispatch) => (options, handler) => {
      if (options.method === 'POST' && ++posts >= nth) act(options);
      return dispatch(options, handler);
    });
  }

  test('has certainly stored nothing of what it did not start', async () => {
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

  test('leaves the doubt of an attempt before', async () => {
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
