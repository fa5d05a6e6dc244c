export function bytesOf(data: string | Uint8Array): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Whether `data` is at most `room` bytes long. */
export function fits(data: string | Uint8Array, room: number): boolean {
  if (typeof data !== 'string') return data.byteLength <= room;
  // UTF-8 takes at most three bytes for each UTF-16 code unit.
  return data.length * 3 <= room || Buffer.byteLength(data) <= room;
}
