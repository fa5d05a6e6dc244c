/** Bytes that repeat, so that each side knows them without keeping them. */
export const block = Buffer.from(
  Array.from({ length: 2 ** 20 }, (_, index) => (index * 2654435761) >>> 24),
);

/** The bytes from `start` up to, but not including, `end`. */
export function* contentFrom(start: number, end: number): Generator<Buffer> {
  for (let position = start; position < end; ) {
    const offset = position % block.byteLength;
    const piece = block.subarray(offset, Math.min(block.byteLength, offset + end - position));
    yield piece;
    position += piece.byteLength;
  }
}
