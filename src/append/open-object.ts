import {
  DivergedError,
  NotAppendableError,
  ObjectExistsError,
  OssServiceError,
} from '../errors.js';
import type { ObjectCreation, ObjectState } from './append-client.js';
import type { AppendTarget } from './append-target.js';
import { type AskOptions, askUntilAnswered } from './ask-until-answered.js';
import type { ObjectProbe } from './object-probe.js';
import { judge } from './retry-policy.js';

export interface OpenObjectOptions extends AskOptions {
  /** `'a'` appends or creates, `'ax'` refuses an object that exists. */
  readonly flags: 'a' | 'ax';

  /** Required length of the object. */
  readonly position: number | undefined;

  readonly create: ObjectCreation;
}

/**
 * Finds out where the object ends, and throws if it cannot be appended to.
 *
 * @throws {ObjectExistsError} If `flags` is `'ax'` and the object exists.
 * @throws {NotAppendableError} If it is of another type, or sealed.
 * @throws {DivergedError} If it is not `position` bytes long.
 * @throws {OssServiceError} If OSS refuses the bucket, the credentials or the permissions.
 * @throws {RetriesExhaustedError} If no request succeeded.
 */
export async function openObject(
  probe: ObjectProbe,
  options: OpenObjectOptions,
): Promise<AppendTarget> {
  const { key, flags, position } = options;
  const found = await askUntilAnswered(() => ask(probe, options), options);
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
    ? { key, position: 0, crc64: 0n, exists: false }
    : { key, position: length, crc64: found.crc64, exists: true };
}

async function ask(
  probe: ObjectProbe,
  { key, flags, position, create }: OpenObjectOptions,
): Promise<ObjectState | undefined> {
  // A probe without HEAD must return the checksum of any length, or only of the required one.
  const { least, greatest } =
    position === undefined
      ? { least: 0, greatest: Number.POSITIVE_INFINITY }
      : { least: position, greatest: position };
  const whereabouts = flags === 'ax' ? undefined : { guess: least, least, greatest, create };
  try {
    return await probe.ask(key, whereabouts);
  } catch (thrown) {
    const { outcome, error } = judge(thrown);
    throw outcome === 'forbidden' && flags === 'ax' ? unguardedCreation(key, error) : thrown;
  }
}

/** With `'ax'` an append must not replace HEAD: it would create the object that it looks for. */
function unguardedCreation(key: string, refusal: Error): OssServiceError {
  const fields =
    refusal instanceof OssServiceError
      ? refusal
      : { status: 403, ossCode: undefined, requestId: undefined, ec: undefined };
  return new OssServiceError(
    `Cannot open "${key}" with flags 'ax': HEAD is forbidden, and without it the stream cannot tell whether the object exists`,
    { ...fields, outcome: 'forbidden' },
    { cause: refusal },
  );
}

/** @throws {NotAppendableError} If the object is of another type, or sealed. */
export function assertAppendable(key: string, state: ObjectState): void {
  if (!state.appendable || state.sealed) throw notAppendableError(key, state);
}

/** The error for an object that is of another type, or sealed. */
export function notAppendableError(
  key: string,
  { sealed, objectType, length }: ObjectState,
): NotAppendableError {
  const kind = sealed ? 'sealed' : `of type ${objectType ?? 'unknown'}`;
  return new NotAppendableError(
    `Cannot append to "${key}": the object is ${kind}, ${length} bytes long`,
    { key, objectType },
  );
}
