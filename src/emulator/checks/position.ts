import { invalidArgument, missingArgument } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';

const maxPosition = 2n ** 63n - 1n;

/**
 * Reads the append position a request names.
 *
 * @throws {OssError} If there is none, or it is no 64-bit integer.
 */
export function readPosition(request: OssRequest): number {
  const text = queryValue(request, 'position');
  if (text === undefined || text === '') {
    throw missingArgument('position', '0016-00000501');
  }
  if (!isPosition(text)) {
    throw invalidArgument('The append position must be a non-negative integer.', {
      ec: '0016-00000502',
      extras: { ArgumentName: 'position', ArgumentValue: text },
    });
  }
  // Beyond 2^53 the number is not exact, but no object is nearly that long.
  return Number(text);
}

/** The position a request names, if it names one. */
export function findPosition(request: OssRequest): number | undefined {
  const text = queryValue(request, 'position') ?? '';
  return isPosition(text) ? Number(text) : undefined;
}

function isPosition(text: string): boolean {
  return /^\d{1,19}$/.test(text) && BigInt(text) <= maxPosition;
}
