const newline = 0x0a;

/** Whether `data` ends with a line break. */
export function endsLine(data: string | Uint8Array): boolean {
  return typeof data === 'string' ? data.endsWith('\n') : data.at(-1) === newline;
}

/** Offset after the first line break at or after `start`; the length if there is none. */
export function firstLineEnd(bytes: Uint8Array, start = 0): number {
  const index = bytes.indexOf(newline, start);
  return index === -1 ? bytes.byteLength : index + 1;
}

/** Offset after the last line break within the first `length` bytes; 0 if there is none. */
export function lastLineEnd(bytes: Uint8Array, length: number): number {
  // `lastIndexOf` counts a negative index from the end.
  return length <= 0 ? 0 : bytes.lastIndexOf(newline, length - 1) + 1;
}

/** Lines in `bytes`, including an incomplete one at the end. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let end = 0; end < bytes.byteLength; end = firstLineEnd(bytes, end)) lines++;
  return lines;
}

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
