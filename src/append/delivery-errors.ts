import {
  ChecksumError,
  DivergedError,
  NotAppendableError,
  RetriesExhaustedError,
  UnconfirmedError,
} from '../errors.js';
import type { ObjectState } from './append-client.js';
import type { FrozenChunk } from './frozen-chunk.js';

export function divergedError(
  key: string,
  chunk: FrozenChunk,
  actualLength: number,
): DivergedError {
  const { position } = chunk.object;
  const end = position + chunk.bytes.byteLength;
  const length = `the object is ${actualLength} bytes long`;
  const why =
    actualLength >= position && actualLength <= end
      ? `${length} and its CRC-64 is not ours`
      : length;
  return new DivergedError(`Cannot append ${whereTo(key, chunk)}: ${why}`, {
    key,
    position,
    actualLength,
  });
}

export function notAppendableError(
  key: string,
  chunk: FrozenChunk,
  { sealed, objectType }: ObjectState,
): NotAppendableError {
  const kind = sealed ? 'sealed' : `of type ${objectType ?? 'unknown'}`;
  return new NotAppendableError(`Cannot append ${whereTo(key, chunk)}: the object is ${kind}`, {
    key,
    objectType,
  });
}

export function unconfirmedError(key: string, chunk: FrozenChunk, cause: Error): UnconfirmedError {
  return new UnconfirmedError(
    `Cannot tell whether the append of ${whereTo(key, chunk)} landed: ${cause.message}`,
    { key, position: chunk.object.position, byteLength: chunk.bytes.byteLength },
    { cause },
  );
}

export function retriesExhaustedError(
  key: string,
  chunk: FrozenChunk,
  attempts: number,
  cause: Error,
): RetriesExhaustedError {
  return new RetriesExhaustedError(
    `Cannot append ${whereTo(key, chunk)} after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${cause.message}`,
    { key, position: chunk.object.position, attempts },
    { cause },
  );
}

export function checksumError(
  key: string,
  chunk: FrozenChunk,
  { expected, actual }: { expected: bigint; actual: bigint },
): ChecksumError {
  return new ChecksumError(
    `Cannot trust the append of ${whereTo(key, chunk)}: the CRC-64 of the object is ${actual} instead of ${expected}`,
    { key, expected, actual },
  );
}

function whereTo(key: string, { object, bytes }: FrozenChunk): string {
  return `${bytes.byteLength} bytes to "${key}" at position ${object.position}`;
}
