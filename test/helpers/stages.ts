import { once } from 'node:events';
import { vi } from 'vitest';
import type { Emulator, Fault } from '../../src/emulator/index.js';
import type { AppendWritable, AppendWritableOptions, UncommittedBytes } from '../../src/index.js';

/** A point in the life of a stream, and how to reach it. */
export interface Stage {
  /** Faults that hold the stream there; each affects one request. */
  readonly faults?: readonly Fault[];

  /** Content committed by then. */
  readonly committed: string;

  /** Writes after that; `hex` marks hexadecimal digits. */
  readonly writes: readonly (string | { readonly hex: string })[];

  /** The last write, while the stream is corked. */
  readonly corked?: string;

  /** Whether `flush()` and `end()` were called by then. */
  readonly isFlushing?: boolean;
  readonly isEnding?: boolean;

  /** Resolves when the stage is reached. */
  readonly arrival?: (emulator: Emulator, stream: AppendWritable) => Promise<unknown>;

  /** Bytes that a stream destroyed there hands back, without the key. */
  readonly uncommitted: { position: number | undefined; bytes: string; confirmed: boolean } | null;
}

/** Options that the stages require. */
export const stageOptions = {
  chunkSize: 4,
  highWaterMark: 8,
  flushInterval: Number.POSITIVE_INFINITY,
  retry: { retries: 3, minTimeout: 20, maxTimeout: 20, randomize: false },
} satisfies Partial<AppendWritableOptions>;

const secondAppend = { operation: 'append', nth: 2 } as const;
const stalled: Stage['arrival'] = ({ requests }) =>
  vi.waitUntil(() => requests.some(({ fault }) => fault === 'stall'), {
    timeout: 5000,
    interval: 1,
  });
const retrying: Stage['arrival'] = (_emulator, stream) => once(stream, 'retry');

export const stages: Record<string, Stage> = {
  opening: {
    faults: [{ kind: 'stall', operation: 'head', nth: 1 }],
    committed: '',
    writes: ['aaaa', 'bbbb', 'cc'],
    corked: 'dd',
    arrival: stalled,
    uncommitted: { position: undefined, bytes: 'aaaabbbbccdd', confirmed: true },
  },
  'waiting to try the opening again': {
    faults: [{ kind: 'error-503', operation: 'head', nth: 1 }],
    committed: '',
    writes: ['aa'],
    arrival: retrying,
    uncommitted: { position: undefined, bytes: 'aa', confirmed: true },
  },
  'idle with bytes': {
    committed: 'aaaa',
    writes: ['bb'],
    corked: 'dd',
    uncommitted: { position: 4, bytes: 'bbdd', confirmed: true },
  },
  'an append is in flight': {
    faults: [{ ...secondAppend, kind: 'stall' }],
    committed: 'aaaa',
    writes: ['bbbb'],
    arrival: stalled,
    uncommitted: { position: 4, bytes: 'bbbb', confirmed: false },
  },
  'an append is in flight, the next chunk is full and Node holds the rest': {
    faults: [{ ...secondAppend, kind: 'stall' }],
    committed: 'aaaa',
    writes: ['bbbb', 'cccccc', 'é', { hex: '6565' }],
    corked: 'ff',
    arrival: stalled,
    uncommitted: { position: 4, bytes: 'bbbbccccccéeeff', confirmed: false },
  },
  'an append is in flight and flush() waits': {
    faults: [{ ...secondAppend, kind: 'stall' }],
    committed: 'aaaa',
    writes: ['bbbb', 'cc'],
    corked: 'dd',
    isFlushing: true,
    arrival: stalled,
    uncommitted: { position: 4, bytes: 'bbbbccdd', confirmed: false },
  },
  'waiting for a retry after a lost request': {
    faults: [{ ...secondAppend, kind: 'drop-request' }],
    committed: 'aaaa',
    writes: ['bbbb', 'cc'],
    arrival: retrying,
    uncommitted: { position: 4, bytes: 'bbbbcc', confirmed: false },
  },
  'waiting for a retry after a refusal that the object explained': {
    faults: [{ nth: 2, kind: 'early-conflict' }],
    committed: 'aaaa',
    writes: ['bbbb', 'cc'],
    arrival: retrying,
    uncommitted: { position: 4, bytes: 'bbbbcc', confirmed: true },
  },
  reconciling: {
    faults: [
      { ...secondAppend, kind: 'drop-answer' },
      { kind: 'stall', operation: 'head', nth: 2 },
    ],
    committed: 'aaaa',
    writes: ['bbbb', 'cccc', 'dddd'],
    arrival: stalled,
    uncommitted: { position: 4, bytes: 'bbbbccccdddd', confirmed: false },
  },
  'ending and opening': {
    faults: [{ kind: 'stall', operation: 'head', nth: 1 }],
    committed: '',
    writes: ['aa'],
    isEnding: true,
    arrival: stalled,
    uncommitted: { position: undefined, bytes: 'aa', confirmed: true },
  },
  'ending with an append in flight': {
    faults: [{ ...secondAppend, kind: 'stall' }],
    committed: 'aaaa',
    writes: ['bbbb', 'cc'],
    corked: 'dd',
    isEnding: true,
    arrival: stalled,
    uncommitted: { position: 4, bytes: 'bbbbccdd', confirmed: false },
  },
  'ending with an append in flight and a write that found no room': {
    faults: [{ ...secondAppend, kind: 'stall' }],
    committed: 'aaaa',
    writes: ['bbbb', 'cccccc', 'dd'],
    isEnding: true,
    arrival: stalled,
    uncommitted: { position: 4, bytes: 'bbbbccccccdd', confirmed: false },
  },
  'ending with the last append in flight': {
    faults: [{ ...secondAppend, kind: 'stall' }],
    committed: 'aaaa',
    writes: ['bb'],
    isEnding: true,
    arrival: stalled,
    uncommitted: { position: 4, bytes: 'bb', confirmed: false },
  },
  'ending with an empty object being created': {
    faults: [{ kind: 'stall', operation: 'append', nth: 1 }],
    committed: '',
    writes: [],
    isEnding: true,
    arrival: stalled,
    uncommitted: null,
  },
};

/** A callback that has run, and its argument. */
export interface Told {
  readonly name: string;
  readonly error: Error | null | undefined;
}

/**
 * Brings a new `stream` to `stage`. Returns the names of all callbacks, and those that have run.
 */
export async function reach(
  { faults = [], committed, writes, corked, isFlushing, isEnding, arrival }: Stage,
  emulator: Emulator,
  stream: AppendWritable,
): Promise<{ names: string[]; told: Told[] }> {
  for (const fault of faults) emulator.faults.add(fault);
  const names: string[] = [];
  const told: Told[] = [];
  const waiting = (name: string) => {
    names.push(name);
    return (error?: Error | null) => told.push({ name, error });
  };
  if (committed !== '') {
    stream.write(committed);
    await once(stream, 'commit');
  }
  for (const data of writes) {
    if (typeof data === 'string') stream.write(data, waiting(`write of ${data}`));
    else stream.write(data.hex, 'hex', waiting(`write of ${data.hex}`));
  }
  if (corked !== undefined) {
    stream.cork();
    stream.write(corked, waiting(`write of ${corked}`));
  }
  if (isFlushing) void stream.flush(waiting('flush'));
  if (isEnding) stream.end(waiting('end'));
  await arrival?.(emulator, stream);
  return { names, told };
}

/** The uncommitted bytes of `stage`, as the stream hands them back. */
export function handedBack({ uncommitted }: Stage, key: string): UncommittedBytes | undefined {
  if (uncommitted === null) return undefined;
  const { position, bytes, confirmed } = uncommitted;
  const doubtful = confirmed ? 0 : Math.min(stageOptions.chunkSize, bytes.length);
  return { key, position, bytes: Buffer.from(bytes), confirmed, doubtful };
}
