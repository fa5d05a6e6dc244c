import { setImmediate as turn } from 'node:timers/promises';
import type { AppendWritable } from '../../src/index.js';

/** Resolves when `stream` is closed and everybody who is told of it has been. */
export async function closed(stream: AppendWritable): Promise<void> {
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  await turn();
}
