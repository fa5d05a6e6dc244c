// The long form of the proof that a reader takes the same memory however long the object is.
import { formatByteSize, formatDuration } from '../../../src/quantity.js';
import { readGrowingObject } from '../scale/read-growing-object.js';

const length = 4 * 2 ** 30;
const allowance = 32 * 2 ** 20;
const startedAt = performance.now();

const { bytesRead, isRight, peaks } = await readGrowingObject(length);
const [, second = 0, third = 0, last = 0] = peaks;
const isProved = isRight && bytesRead === length && last - third < allowance;

console.log(
  `Read ${formatByteSize(bytesRead)} in ${formatDuration(performance.now() - startedAt)}: ` +
    `${isRight ? 'each byte the right one' : 'WRONG BYTES'}. Peak memory in the four quarters: ` +
    `${peaks.map(formatByteSize).join(', ')}; in the last two up to 16 MiB are held back.`,
);
process.exitCode = isProved && third - second < 2 * allowance ? 0 : 1;
