import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { AppendWritable } from '../../src/index.js';
import { ScriptedClient } from '../append/scripted-client.js';

/** Keeps the body of its first append and never answers it, even when its signal aborts. */
class HangingClient extends ScriptedClient {
  body: Uint8Array | undefined;

  override async appendObject(...args: Parameters<ScriptedClient['appendObject']>) {
    if (this.body !== undefined) return super.appendObject(...args);
    this.body = args[2];
    return new Promise<never>(() => {});
  }
}

test('the stream never overwrites a chunk that a client ignoring its signal may still read', async () => {
  const chunkSize = 32 * 1024;
  const client = new HangingClient();
  const retry = { retries: 1, minTimeout: 0, maxTimeout: 0 };
  const stream = new AppendWritable({ client, key: 'a.log', chunkSize, requestTimeout: 20, retry });

  for (const letter of ['a', 'b', 'c', 'd', 'e']) await stream.append(letter.repeat(chunkSize));
  stream.end();
  await finished(stream);

  expect(String(client.body)).toBe('a'.repeat(chunkSize));
  expect(client.contents).toBe(
    ['a', 'b', 'c', 'd', 'e'].map((it) => it.repeat(chunkSize)).join(''),
  );
});
