import { once } from 'node:events';
import type { UncommittedBytes } from 'oss-append-stream';
import { drawClient, patientSettings } from '../stream-options.js';
import { longestDelay } from '../weather.js';
import type { World } from '../world.js';
import { Writer } from '../writer.js';

const chunkSize = 2048;

const kinds = [
  ...(['error-503', 'error-500-after', 'drop-request', 'apply-late', 'stall'] as const),
];

/** A stream that gives up soon, and another that continues with the bytes it handed back. */
export async function resent(world: World): Promise<void> {
  const { random, store } = world;
  const subject = world.createSubject('resent');
  const { key } = subject;
  const kind = random.pick(kinds);
  const first = { nth: random.integer(1, 4), times: random.integer(1, 6) };
  const delay = longestDelay;
  await store.call('addFault', { kind, operation: 'append', key, delay, ...first });
  const writer = new Writer(world, 'giving up', {
    ...patientSettings(world),
    ...drawClient(world),
    subject,
    chunkSize,
    requestTimeout: 50,
    retry: { retries: random.integer(0, 2), minTimeout: 1, maxTimeout: 5 },
  });
  for (let lines = random.integer(1, 30); lines > 0; lines--) writer.write(300);
  writer.stream.end();
  const outcomes = ['finished', 'APPEND_ERR_RETRIES_EXHAUSTED', 'APPEND_ERR_UNCONFIRMED'];
  const uncommitted = await writer.verify({ outcomes });
  if (uncommitted !== undefined) await resend(world, writer, uncommitted);
}

async function resend(world: World, former: Writer, rest: UncommittedBytes): Promise<void> {
  const { subject } = former;
  const settings = { ...patientSettings(world), ...drawClient(world), chunkSize, subject };
  const writer = new Writer(world, 'resent', { ...settings, requestTimeout: 60_000 });
  await once(writer.stream, 'ready');
  const position = writer.stream.position ?? 0;
  const landed = position - (rest.position ?? 0);
  if (landed !== 0 && rest.confirmed) {
    throw await writer.violation([`found ${landed} bytes that were confirmed as not stored`], {});
  }
  // `verify()` also checks the bytes before `base`.
  writer.base = position;
  writer.written = rest.bytes.byteLength - landed;
  writer.stream.end(rest.bytes.subarray(landed));
  await writer.verify();
}
