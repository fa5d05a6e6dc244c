import { setImmediate as turn } from 'node:timers/promises';
import type { AppendWritable } from '../../src/index.js';

/** Resolves when `stream` is closed and the callbacks that learn of it have run. */
export async function closed(stream: AppendWritable): Promise<void> {
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  await turn();
}
