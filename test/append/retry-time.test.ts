import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AppendWritable } from '../../src/index.js';
import { failure, ScriptedClient } from './scripted-client.js';

test('maxRetryTime counts from the start of the first attempt, whose duration it includes', async () => {
  const client = new ScriptedClient('head').script('append', async () => {
    await setTimeout(60);
    throw failure.rejected();
  });
  const retry = { retries: 5, minTimeout: 0, maxTimeout: 0, maxRetryTime: 50 };
  const stream = new AppendWritable({ client, key: 'a.log', flushInterval: 0, retry });
  stream.on('error', () => {});

  await expect(stream.append('chunk')).rejects.toMatchObject({
    code: 'APPEND_ERR_RETRIES_EXHAUSTED',
    attempts: 1,
  });
  expect(client.contents).toBe('head');
});
