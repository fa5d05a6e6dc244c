import { InvalidArgumentError } from 'commander';

const escapes = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['0', '\0'],
  ['\\', '\\'],
]);

/**
 * Parses a delimiter in which shells cannot easily write control characters: `\n`, `\r`, `\t`, `\0`,
 * `\\` and `\xHH`, a byte.
 *
 * @throws {InvalidArgumentError} If another character follows a backslash.
 */
export function parseDelimiter(text: string): Uint8Array {
  const pieces = text.match(/\\x[\da-f]{2}|\\.?|[^\\]+/gis) ?? [];
  return Buffer.concat(pieces.map(bytesOf));
}

function bytesOf(piece: string): Buffer {
  if (!piece.startsWith('\\')) return Buffer.from(piece);
  if (/^\\x./i.test(piece)) return Buffer.from(piece.slice(2), 'hex');
  const character = escapes.get(piece.slice(1));
  if (character === undefined) {
    throw new InvalidArgumentError(
      `It must not contain "${piece}": write \\n, \\r, \\t, \\0, \\\\ or \\xHH.`,
    );
  }
  return Buffer.from(character);
}
