import type { CopiedCreation } from '../append/append-client.js';
import { SourceObjectError } from '../errors.js';
import { creationHeaders } from '../oss/request/creation-headers.js';

/**
 * Checks that an append can send the headers of the object `key`.
 *
 * @throws {SourceObjectError} If it cannot send one of them.
 */
export function assertCopyable(key: string, creation: CopiedCreation): void {
  const { metadata = {}, ...others } = creation;
  for (const [option, value] of Object.entries(others)) {
    const header = option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    assertSendable(key, option, header, { [option]: value });
  }
  for (const [name, value] of Object.entries(metadata)) {
    assertSendable(key, 'metadata', `x-oss-meta-${name}`, { metadata: { [name]: value } });
  }
}

/** @param option Option that replaces the header. */
function assertSendable(
  key: string,
  option: string,
  header: string,
  creation: CopiedCreation,
): void {
  try {
    creationHeaders(creation);
  } catch (cause) {
    throw new SourceObjectError(
      `Cannot convert ${JSON.stringify(key)}: an append cannot send its header ${JSON.stringify(header)}. Pass '${option}' instead`,
      { key, reason: 'header' },
      { cause },
    );
  }
}
