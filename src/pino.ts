import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import type { LogWritableOptions } from './logging/log-options.js';
import { LogWritable } from './logging/log-writable.js';
import { ReusableTimer } from './timers/reusable-timer.js';

export type { LogWritableOptions } from './logging/log-options.js';
export type { LogStatistics, LogWritable } from './logging/log-writable.js';
export type { OverflowOptions } from './logging/overflow-options.js';
export type { CredentialsModule } from './oss/credentials/credentials-module.js';
export type { DropEvent } from './stream/events.js';

/** Options of the pino transport: in a worker, plain data only. */
export interface PinoTransportOptions extends LogWritableOptions {
  /**
   * In a worker, whether the transport in the application emits `'commit'`, `'retry'`,
   * `'reconcile'` and `'drop'` too, with copies of what they carry.
   *
   * @default false
   */
  readonly events?: boolean | undefined;
}

/** Milliseconds after which the lines may come although the object is not open yet. */
const patience = 4000;

/**
 * Target of `pino.transport()`, and a bounded destination for `pino()` itself: opens the object and
 * resolves with the stream that appends to it.
 *
 * When OSS does not answer for four seconds it resolves all the same: lines are then taken while
 * it goes on trying, and are not lost when the application exits meanwhile.
 *
 * @throws {TypeError} If an option is of the wrong type or shape.
 * @throws {RangeError} If an option is out of range.
 * @throws {AppendError} If the object cannot be opened.
 * @example
 * ```ts
 * const transport = pino.transport({
 *   target: 'oss-append-stream/pino',
 *   options: { region: 'cn-hangzhou', bucket: 'logs', key: 'app.log' },
 * });
 * const logger = pino(transport);
 * ```
 */
export default async function openPinoTransport(
  options: PinoTransportOptions,
): Promise<LogWritable> {
  const stream = new LogWritable(options, 'open the pino transport');
  if (options.events === true) passEventsOn(stream);
  await opened(stream);
  return stream;
}

async function opened(stream: LogWritable): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = new ReusableTimer();
  timer.start(patience, () => controller.abort());
  try {
    await once(stream, 'ready', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    timer.close();
  }
}

/** thread-stream emits what comes in this shape, in the application. */
function passEventsOn(stream: LogWritable): void {
  const pass = (name: string, payload: object) => {
    parentPort?.postMessage({ code: 'EVENT', name, args: [payload] });
  };
  for (const name of ['commit', 'reconcile', 'drop'] as const) {
    stream.on(name, (payload: object) => pass(name, payload));
  }
  // A cloned error keeps no more than its message.
  stream.on('retry', ({ error, ...notice }) => {
    const { name, message } = error;
    pass('retry', { ...notice, error: { name, message, code: Reflect.get(error, 'code') } });
  });
}
