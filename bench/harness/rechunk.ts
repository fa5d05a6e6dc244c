/** The bytes of a stream in chunks of `chunkSize`; the last one may be shorter. */
export async function* rechunk(
  stream: AsyncIterable<Uint8Array>,
  chunkSize: number,
): AsyncGenerator<Buffer> {
  let pieces: Uint8Array[] = [];
  let byteLength = 0;
  for await (const piece of stream) {
    for (let rest = piece; rest.byteLength > 0; ) {
      const part = rest.subarray(0, chunkSize - byteLength);
      rest = rest.subarray(part.byteLength);
      pieces.push(part);
      byteLength += part.byteLength;
      if (byteLength < chunkSize) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      byteLength = 0;
    }
  }
  if (byteLength > 0) yield Buffer.concat(pieces);
}
