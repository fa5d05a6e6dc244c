import { AppendWritable } from 'oss-append-stream';
import type { StreamSettings } from '../stream-options.js';
import type { World } from '../world.js';
import { Writer } from '../writer.js';

interface Refusal {
  readonly settings: (world: World) => StreamSettings;
  readonly outcome: string;
}

const refusals: readonly Refusal[] = [
  {
    settings: ({ ownConnection }) => ({ ...ownConnection, bucket: 'missing-bucket' }),
    outcome: 'APPEND_ERR_SERVICE',
  },
  {
    settings: ({ ownConnection }) => ({
      ...ownConnection,
      credentials: { accessKeyId: 'nobody', accessKeySecret: 'nothing' },
    }),
    outcome: 'APPEND_ERR_SERVICE',
  },
  {
    settings: ({ ownConnection }) => ({
      ...ownConnection,
      credentials: () => Promise.reject(new Error('There are no credentials')),
    }),
    outcome: 'APPEND_ERR_CREDENTIALS',
  },
  {
    settings: ({ sharedClient }) => ({ client: sharedClient, position: 1 }),
    outcome: 'APPEND_ERR_DIVERGED',
  },
  {
    // A port without a listener.
    settings: ({ ownConnection }) => ({ ...ownConnection, endpoint: 'http://127.0.0.1:1' }),
    outcome: 'APPEND_ERR_RETRIES_EXHAUSTED',
  },
];

/** A stream that cannot open its object, and is written to while it tries. */
export async function refused(world: World): Promise<void> {
  const { random, signal } = world;
  const { settings, outcome } = random.pick(refusals);
  const writer = new Writer(world, 'refused', {
    signal,
    retry: { retries: 4, minTimeout: 5, maxTimeout: 20 },
    ...settings(world),
  });
  for (let writes = random.integer(0, 5); writes > 0; writes--) writer.write(1000);
  if (random.chance(0.5)) writer.stream.end();
  // Other faults may have used up the retries before.
  await writer.verify({ outcomes: [outcome, 'APPEND_ERR_RETRIES_EXHAUSTED'] });
}

/** `flags: 'ax'` on an object that exists. */
export async function existing(world: World): Promise<void> {
  const { sharedClient: client, random, signal } = world;
  const retry = { retries: Number.POSITIVE_INFINITY, minTimeout: 5, maxTimeout: 50 };
  const first = new Writer(world, 'short', { client, signal, retry });
  first.write(random.integer(1, 3000));
  first.stream.end();
  await first.verify();
  const { subject, written: base } = first;
  const settings = { client, signal, retry, flags: 'ax', subject, base } as const;
  const second = new Writer(world, 'existing', settings);
  second.write(100);
  // A fault may forbid its HEAD.
  await second.verify({ outcomes: ['APPEND_ERR_EXISTS', 'APPEND_ERR_SERVICE'] });
}

/** Options that the constructor refuses. */
export async function misused({ signal, connection }: World): Promise<void> {
  const isRefused = [{ key: '' }, { key: 'a', chunkSize: 0 }].every((wrong) => {
    try {
      new AppendWritable({ ...connection, signal, ...wrong });
      return false;
    } catch {
      return true;
    }
  });
  if (!isRefused) throw new Error('The constructor accepted invalid options');
}
