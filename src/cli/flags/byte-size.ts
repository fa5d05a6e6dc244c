import { InvalidArgumentError } from 'commander';

const factors = new Map([
  ['', 1],
  ['B', 1],
  ['K', 2 ** 10],
  ['M', 2 ** 20],
  ['G', 2 ** 30],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['kB', 1e3],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
]);

/**
 * Parses a number of bytes: `4194304`, `4096KiB`, `4MiB`, `4M`; `kB`, `MB` and `GB` are decimal.
 *
 * @throws {InvalidArgumentError} If `text` is not a size in whole bytes.
 */
export function parseByteSize(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const bytes = Number(digits) * (factors.get(unit) ?? Number.NaN);
  if (digits === '' || !Number.isSafeInteger(bytes)) {
    throw new InvalidArgumentError(
      'It must be a whole number of bytes, such as 65536, 64KiB or 4MiB.',
    );
  }
  return bytes;
}
