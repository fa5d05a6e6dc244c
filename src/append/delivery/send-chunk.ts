import { nodeTimers } from '../../timers/node-timers.js';
import type { AppendReceipt } from '../append-client.js';
import { describeNumber } from '../describe-number.js';
import { traceAppend } from '../diagnostics.js';
import { checksumError } from './delivery-errors.js';
import type { DeliveryOptions } from './delivery-options.js';
import type { FrozenChunk } from './frozen-chunk.js';
import { readBack } from './reconcile-chunk.js';

/**
 * Sends the chunk once.
 *
 * @param onSent Called when the append has been sent, and its body had a turn of the event loop to
 *   leave.
 */
export async function sendChunk(
  chunk: FrozenChunk,
  { client, create, requests, verify }: DeliveryOptions,
  attemptNumber: number,
  onSent: (() => void) | undefined,
): Promise<AppendReceipt> {
  const { key, position, exists } = chunk.target;
  const body = chunk.bytes;
  const { byteLength } = body;
  const trace = { key, position, byteLength, attemptNumber };
  const receiving = requests.run(byteLength, (options) =>
    traceAppend(trace, () =>
      client.appendObject(key, position, body, {
        ...options,
        ...(exists ? undefined : { create }),
        // The checksum of the object does not cover the chunk where other writers' bytes are before it.
        ...(chunk.isMoved ? { contentMd5: true } : undefined),
      }),
    ),
  );
  if (onSent !== undefined) {
    // Computation before this turn delays the part of the body that the socket did not take.
    // An answer that arrives earlier ends the wait: it decides how to go on.
    await new Promise<void>((resume) => {
      receiving.then(
        () => resume(),
        () => resume(),
      );
      if (client.onBodyTaken === undefined) nodeTimers.setImmediate(resume);
      else client.onBodyTaken(byteLength, resume);
    });
    onSent();
  }
  if (verify === 'crc64') chunk.checksum();
  return receiving;
}

/**
 * Resolves with the checksum of the object after the chunk, if it is known.
 *
 * @throws {ChecksumError} If the store's checksum differs from ours.
 * @throws The failure of reading the chunk back, which leaves it in doubt.
 */
export async function checkReceipt(
  chunk: FrozenChunk,
  receipt: AppendReceipt,
  options: DeliveryOptions,
): Promise<bigint | undefined> {
  const { verify, isShared } = options;
  if (!chunk.isAcceptedBy(receipt)) {
    throw new Error(
      `The answer names ${describeNumber(receipt?.nextPosition)} as the next position`,
    );
  }
  const actual = receipt.crc64;
  // Our own combined checksum replaces one that the answer lacks.
  const isComputed = verify === 'crc64' || actual === undefined;
  const crc64 = (isComputed ? chunk.crc64After() : undefined) ?? actual;
  if (verify === 'none' || actual === undefined || actual === crc64) return crc64;
  chunk.raiseDoubt('unanswered');
  // Another writer may have replaced the object by one of the same length. If it cannot be read now, the
  // doubt is settled as any other.
  const { nextPosition: length } = receipt;
  if (isShared && (await readBack(chunk, { length }, options))) return actual;
  throw checksumError(chunk, { expected: crc64 as bigint, actual });
}
