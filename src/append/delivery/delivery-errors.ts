import {
  ChecksumError,
  DivergedError,
  NotAppendableError,
  ObjectFullError,
  RecordTooLongError,
  RetriesExhaustedError,
  UnconfirmedError,
} from '../../errors.js';
import type { ObjectState } from '../append-client.js';
import type { FrozenChunk } from './frozen-chunk.js';

export function divergedError(chunk: FrozenChunk, actualLength: number): DivergedError {
  const { key, position } = chunk.target;
  const end = position + chunk.bytes.byteLength;
  const length = `the object is ${actualLength} bytes long`;
  const why =
    actualLength >= position && actualLength <= end
      ? `${length} and its CRC-64 is not ours`
      : length;
  return new DivergedError(`Cannot append ${whereTo(chunk)}: ${why}`, {
    key,
    position,
    actualLength,
  });
}

export function notAppendableError(
  chunk: FrozenChunk,
  { sealed, objectType }: ObjectState,
): NotAppendableError {
  const kind = sealed ? 'sealed' : `of type ${objectType ?? 'unknown'}`;
  return new NotAppendableError(`Cannot append ${whereTo(chunk)}: the object is ${kind}`, {
    key: chunk.target.key,
    objectType,
  });
}

export function objectFullError(chunk: FrozenChunk, limit: number): ObjectFullError {
  return new ObjectFullError(
    `Cannot append ${whereTo(chunk)}: an object holds at most ${limit} bytes`,
    { key: chunk.target.key, limit },
  );
}

export function unconfirmedError(chunk: FrozenChunk, cause: Error): UnconfirmedError {
  const { key, position } = chunk.target;
  return new UnconfirmedError(
    `Cannot tell whether the append of ${whereTo(chunk)} landed: ${cause.message}`,
    { key, position, byteLength: chunk.bytes.byteLength },
    { cause },
  );
}

export function retriesExhaustedError(
  chunk: FrozenChunk,
  attempts: number,
  cause: Error,
): RetriesExhaustedError {
  const { key, position } = chunk.target;
  return new RetriesExhaustedError(
    `Cannot append ${whereTo(chunk)} after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${cause.message}`,
    { key, position, attempts },
    { cause },
  );
}

export function checksumError(
  chunk: FrozenChunk,
  { expected, actual }: { expected: bigint; actual: bigint },
): ChecksumError {
  return new ChecksumError(
    `Cannot trust the append of ${whereTo(chunk)}: the CRC-64 of the object is ${actual} instead of ${expected}`,
    { key: chunk.target.key, expected, actual },
  );
}

export function recordTooLongError(
  key: string,
  byteLength: number,
  limit: number,
): RecordTooLongError {
  return new RecordTooLongError(
    `Cannot append a record of ${byteLength} bytes or more to "${key}": with conflict 'rebase' it is at most as long as 'highWaterMark', ${limit} bytes`,
    { key, byteLength, limit },
  );
}

function whereTo({ target, bytes }: FrozenChunk): string {
  return `${bytes.byteLength} bytes to "${target.key}" at position ${target.position}`;
}
