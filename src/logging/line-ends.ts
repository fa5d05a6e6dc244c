const newline = 0x0a;

/** Whether what was written ends a line. Nothing does, too, at the start of a line. */
export function endsLine(data: string | Uint8Array): boolean {
  return typeof data === 'string' ? data.endsWith('\n') : data.at(-1) === newline;
}

/** Offset behind the first end of a line from `start` on; the length, if there is none. */
export function firstLineEnd(bytes: Uint8Array, start = 0): number {
  const index = bytes.indexOf(newline, start);
  return index === -1 ? bytes.byteLength : index + 1;
}

/** Offset behind the last end of a line within the first `length` bytes; 0, if there is none. */
export function lastLineEnd(bytes: Uint8Array, length: number): number {
  // A negative index would count from the end.
  return length <= 0 ? 0 : bytes.lastIndexOf(newline, length - 1) + 1;
}

/** Lines in `bytes`, one without an end at the end included. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let end = 0; end < bytes.byteLength; end = firstLineEnd(bytes, end)) lines++;
  return lines;
}

/** What was written, as bytes. */
export function bytesOf(data: string | Uint8Array): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Whether what was written has at most `room` bytes. */
export function fits(data: string | Uint8Array, room: number): boolean {
  if (typeof data !== 'string') return data.byteLength <= room;
  // UTF-8 takes three bytes at most for each unit of a string.
  return data.length * 3 <= room || Buffer.byteLength(data) <= room;
}
