/** Bytes of a write, or its text if that is UTF-8; `undefined` if no stream accepts it. */
export function contentOf(
  data: unknown,
  encoding: BufferEncoding,
): string | Uint8Array | undefined {
  if (typeof data !== 'string') {
    if (data instanceof Uint8Array) return data;
    return ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : undefined;
  }
  if (encoding === 'utf8') return data;
  return Buffer.isEncoding(encoding) ? Buffer.from(data, encoding) : undefined;
}
