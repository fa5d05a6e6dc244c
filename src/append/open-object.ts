import pRetry from 'p-retry';
import {
  DivergedError,
  NotAppendableError,
  ObjectExistsError,
  OssServiceError,
  RetriesExhaustedError,
} from '../errors.js';
import type { ObjectCreation, ObjectState } from './append-client.js';
import type { ObjectProbe } from './object-probe.js';
import {
  FailedAttempt,
  judge,
  type RetryNotice,
  type RetryOptions,
  retryOptions,
} from './retry-policy.js';

/** What has been confirmed about the object: by opening it, by receipts, by reconciling. */
export interface ConfirmedObject {
  /** Bytes in the object: the position that the next append must name. */
  readonly position: number;

  /** CRC-64 of those bytes; `undefined` where the store never told. */
  readonly crc64: bigint | undefined;

  /** Whether the object exists; if not, the next append creates it. */
  readonly exists: boolean;
}

export interface OpenObjectOptions {
  readonly key: string;

  /** `'a'` appends or creates, `'ax'` refuses an object that exists. */
  readonly flags: 'a' | 'ax';

  /** Length that the object must have. */
  readonly position: number | undefined;

  readonly create: ObjectCreation;
  readonly retry: RetryOptions;
  readonly signal: AbortSignal;
  readonly onRetry: (notice: RetryNotice) => void;
}

/**
 * Finds out where the object ends, and refuses one that may not be appended to.
 *
 * @throws {ObjectExistsError} If `flags` is `'ax'` and the object exists.
 * @throws {NotAppendableError} If it is of another kind, or sealed.
 * @throws {DivergedError} If it is not `position` bytes long.
 * @throws {OssServiceError} If the bucket, the credentials or the permissions do not fit.
 * @throws {RetriesExhaustedError} If no answer could be had.
 */
export async function openObject(
  probe: ObjectProbe,
  options: OpenObjectOptions,
): Promise<ConfirmedObject> {
  const { key, flags, position } = options;
  const found = await askUntilAnswered(probe, options);
  if (flags === 'ax' && found !== undefined) {
    throw new ObjectExistsError(
      `Cannot open "${key}" with flags 'ax': the object exists and is ${found.length} bytes long`,
      { key },
    );
  }
  if (found !== undefined) assertAppendable(key, found);
  const length = found?.length ?? 0;
  if (position !== undefined && length !== position) {
    throw new DivergedError(
      `Cannot append to "${key}" at position ${position}: the object is ${length} bytes long`,
      { key, position, actualLength: length },
    );
  }
  return found === undefined
    ? { position: 0, crc64: 0n, exists: false }
    : { position: length, crc64: found.crc64, exists: true };
}

async function askUntilAnswered(
  probe: ObjectProbe,
  { key, flags, position, create, retry, signal, onRetry }: OpenObjectOptions,
): Promise<ObjectState | undefined> {
  // Without HEAD any length must be answered with its checksum, but for one that is demanded.
  const { least, greatest } =
    position === undefined
      ? { least: 0, greatest: Number.POSITIVE_INFINITY }
      : { least: position, greatest: position };
  const whereabouts = flags === 'ax' ? undefined : { guess: least, least, greatest, create };
  let attempts = 0;
  try {
    return await pRetry(
      async () => {
        attempts++;
        try {
          return await probe.ask(whereabouts);
        } catch (thrown) {
          signal.throwIfAborted();
          const { outcome, error } = judge(thrown);
          if (outcome === 'forbidden' && flags === 'ax') throw unguardedCreation(key, error);
          throw new FailedAttempt(error, outcome);
        }
      },
      retryOptions(retry, signal, onRetry),
    );
  } catch (error) {
    if (!(error instanceof FailedAttempt)) throw error;
    if (error.isPointless) throw error.cause;
    throw new RetriesExhaustedError(
      `Cannot open "${key}" after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${error.message}`,
      { key, position: undefined, attempts },
      { cause: error.cause },
    );
  }
}

/** Probing would create the object, and so do just what `'ax'` must rule out. */
function unguardedCreation(key: string, refusal: Error): OssServiceError {
  const fields =
    refusal instanceof OssServiceError
      ? refusal
      : { status: 403, ossCode: undefined, requestId: undefined, ec: undefined };
  return new OssServiceError(
    `Cannot open "${key}" with flags 'ax': HEAD is forbidden, and without it nobody can tell whether the object exists`,
    { ...fields, outcome: 'forbidden' },
    { cause: refusal },
  );
}

/** @throws {NotAppendableError} If the object is of another kind, or sealed. */
export function assertAppendable(
  key: string,
  { appendable, sealed, objectType, length }: ObjectState,
) {
  if (appendable && !sealed) return;
  const kind = sealed ? 'sealed' : `of type ${objectType ?? 'unknown'}`;
  throw new NotAppendableError(
    `Cannot append to "${key}": the object is ${kind}, ${length} bytes long`,
    { key, objectType },
  );
}
