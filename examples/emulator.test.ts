// A test for your own code: it appends to an OSS that loses an answer, and no byte is stored twice.
import { finished } from 'node:stream/promises';
import { AppendWritable } from 'oss-append-stream';
import { startEmulator } from 'oss-append-stream/emulator';
import { expect, test } from 'vitest';

test('the audit log is complete when OSS loses an answer', async () => {
  await using emulator = await startEmulator({ buckets: ['audit'] });
  emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 1 });
  const { endpoint, region, credentials } = emulator;

  const log = new AppendWritable({ endpoint, region, credentials, bucket: 'audit', key: 'a.log' });
  log.write('somebody logged in\n');
  log.end('somebody logged out\n');
  await finished(log);

  const content = await emulator.read('audit', 'a.log');
  expect(String(content)).toBe('somebody logged in\nsomebody logged out\n');
  expect(emulator.requests.map(({ operation }) => operation)).toEqual(['head', 'append', 'head']);
});
