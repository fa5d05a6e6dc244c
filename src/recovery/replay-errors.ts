import type { ObjectState } from '../append/append-client.js';
import { notAppendableError } from '../append/open-object.js';
import { DivergedError, isAppendError, NotAppendableError } from '../errors.js';
import { shellWord } from '../shell-command.js';

/** What a replay was about to append, and where. */
export interface ReplayAim {
  readonly path: string;
  readonly key: string;
  readonly position: number | undefined;

  /** Whether there is a next object. */
  readonly isSeries: boolean;
}

/** The error for an object that is shorter than it was, or that another writer has appended to. */
export function replayDivergedError(
  reason: 'shorter' | 'conflict',
  { path, key, position = 0, isSeries }: ReplayAim,
  actualLength: number,
): DivergedError {
  const what = `Cannot append ${path} to "${key}" at position ${position}`;
  const next = isSeries ? '; to the next object, --conflict rollover' : '';
  const message = {
    shorter: `${what}: the object is ${actualLength} bytes long. ${elsewhere(path)}`,
    conflict: `${what}: another writer has appended there, the object is ${actualLength} bytes long. To append the missing bytes at its end, add --conflict rebase${next}`,
  }[reason];
  return new DivergedError(message, { key, position, actualLength });
}

/**
 * The error for an object that accepts no more appends.
 *
 * @param refusal How the store said so, if that is all that is known.
 */
export function replayNotAppendableError(
  { path, key }: ReplayAim,
  state: ObjectState,
  refusal: Error | undefined,
): NotAppendableError {
  const { message } = refusal ?? notAppendableError(key, state);
  const { objectType } = state;
  return new NotAppendableError(`${message}. ${elsewhere(path)}`, { key, objectType });
}

/** Whether an error says that the object itself takes no more. */
export function isRefusal(error: unknown): error is Error {
  return (
    isAppendError(error) &&
    (error.code === 'APPEND_ERR_NOT_APPENDABLE' || error.code === 'APPEND_ERR_DIVERGED')
  );
}

function elsewhere(path: string): string {
  const command = `oss-append replay ${shellWord(path)} oss://bucket/key`;
  return `To append everything to another object: ${command}`;
}
