import type { CopiedCreation, ObjectState } from '../append/append-client.js';
import { ObjectExistsError } from '../errors.js';
import { creationHeaders } from '../oss/request/creation-headers.js';

/**
 * Checks that the object `key`, which exists, has the headers that it would be created with: no
 * append changes them.
 *
 * @throws {ObjectExistsError} If it has not, or if that cannot be known: HEAD returns neither tags nor
 *   ACL, and some stores return no headers at all.
 */
export function assertSameHeaders(key: string, state: ObjectState, creation: CopiedCreation): void {
  const present = readableHeaders(state.creation);
  const lost = Object.entries(creationHeaders(creation)).find(
    ([name, value]) => present[name] !== value,
  );
  if (lost === undefined) return;
  throw new ObjectExistsError(
    `Cannot convert to "${key}": that object exists and is empty, and an append cannot give it the header ${JSON.stringify(lost[0])}. Delete it and try again`,
    { key },
  );
}

/** Headers that an append could not send are no more known than those that a store does not return. */
function readableHeaders(creation: CopiedCreation = {}): Record<string, string> {
  try {
    return creationHeaders(creation);
  } catch {
    return {};
  }
}
