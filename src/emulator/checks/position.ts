import { invalidArgument, missingArgument } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';

const maxPosition = 2n ** 63n - 1n;

/**
 * Reads the append position of a request.
 *
 * @throws {OssError} If it is missing or not a non-negative 64-bit integer.
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
  // Inexact above 2^53, but no object is that long.
  return Number(text);
}

/** The append position of a request, or `undefined` if it is missing or invalid. */
export function findPosition(request: OssRequest): number | undefined {
  const text = queryValue(request, 'position') ?? '';
  return isPosition(text) ? Number(text) : undefined;
}

function isPosition(text: string): boolean {
  return /^\d{1,19}$/.test(text) && BigInt(text) <= maxPosition;
}
