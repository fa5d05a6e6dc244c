import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { assertOptionalBoolean } from './assertions.js';
import type { LogWritableOptions } from './logging/log-options.js';
import { LogWritable } from './logging/log-writable.js';
import { ReusableTimer } from './timers/reusable-timer.js';

export type { LogWritableOptions } from './logging/log-options.js';
export type { LogStatistics, LogWritable } from './logging/log-writable.js';
export type { OverflowOptions } from './logging/overflow-options.js';
export type { CredentialsModule } from './oss/credentials/credentials-module.js';
export type { DropEvent } from './stream/events.js';

/** Options of the pino transport; in a worker they must be plain data. */
export interface PinoTransportOptions extends LogWritableOptions {
  /**
   * In a worker, whether the transport in the application emits `'commit'`, `'retry'`,
   * `'reconcile'`, `'seal'`, `'rollover'` and `'drop'` too, with copies of their payloads.
   *
   * @default false
   */
  readonly events?: boolean | undefined;
}

/** Milliseconds to wait for the object to open before lines are accepted regardless. */
const readyTimeout = 4000;

/**
 * Target of `pino.transport()`, and a bounded destination for `pino()` itself: opens the object and
 * resolves with the stream that appends to it.
 *
 * If OSS has not answered after four seconds it resolves regardless: the stream then accepts lines
 * while it keeps trying, and does not lose them if the application exits meanwhile.
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
  const act = 'open the pino transport';
  assertOptionalBoolean(act, 'events', options?.events);
  const stream = new LogWritable(options, act);
  if (options.events === true) passEventsOn(stream);
  await opened(stream);
  return stream;
}

async function opened(stream: LogWritable): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = new ReusableTimer();
  timer.start(readyTimeout, () => controller.abort());
  try {
    await once(stream, 'ready', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    timer.close();
  }
}

/** In the application, thread-stream emits the event that a message of this shape describes. */
function passEventsOn(stream: LogWritable): void {
  const pass = (name: string, payload: object) => {
    parentPort?.postMessage({ code: 'EVENT', name, args: [payload] });
  };
  for (const name of ['commit', 'reconcile', 'rollover', 'drop'] as const) {
    stream.on(name, (payload: object) => pass(name, payload));
  }
  stream.on('retry', ({ error, ...notice }) => pass('retry', { ...notice, error: plain(error) }));
  stream.on('seal', ({ error, ...seal }) =>
    pass('seal', { ...seal, error: error && plain(error) }),
  );
}

/** Structured cloning drops the class and the code of an error. */
function plain(error: Error): object {
  const { name, message } = error;
  return { name, message, code: Reflect.get(error, 'code') };
}
