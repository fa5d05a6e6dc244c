/** An endless source: its pieces, one after the other, repeated. */
export interface Source {
  /** Written one by one; together they are the period. */
  readonly pieces: readonly (Buffer | string)[];

  /** The bytes of all pieces, which the stream repeats. */
  readonly period: Buffer;
}

/** The parameters of a source. */
export interface SourceSetting {
  /** `buffers`: Buffers of `pieceLength` bytes. Others: lines of as many bytes, as strings. */
  readonly source: 'buffers' | 'ascii' | 'multi-byte';
  readonly pieceLength: number;

  /** `json`: lines as loggers write them, with the text as their message. Bare by default. */
  readonly format?: 'bare' | 'json';
}

/**
 * Makes the same source for the same setting, in every process.
 *
 * @throws {RangeError} If lines are too short for the number in each of them.
 */
export function makeSource({ source, pieceLength, format }: SourceSetting): Source {
  // One period is compared at once, so it should be neither tiny nor large.
  const count = Math.max(1, Math.floor(65_536 / pieceLength));
  const frame = format === 'json' ? jsonLine : bareLine;
  const textLength = pieceLength - frame('').length;
  const pieces = Array.from({ length: count }, (_, index) =>
    source === 'buffers' ? bytes(pieceLength, index) : frame(text(source, textLength, index)),
  );
  const period = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
  return { pieces, period };
}

/**
 * Writes in the whole periods that fit into `byteLength`: at least one period, unless it is 0.
 */
export function wholePeriods({ pieces, period }: Source, byteLength: number): number {
  const periods = byteLength / period.byteLength;
  return (periods < 1 ? Math.ceil(periods) : Math.floor(periods)) * pieces.length;
}

/** Bytes in these whole periods. */
export function lengthOf(source: Source, byteLength: number): number {
  const { pieces, period } = source;
  return (wholePeriods(source, byteLength) / pieces.length) * period.byteLength;
}

function bytes(length: number, seed: number): Buffer {
  const buffer = Buffer.alloc(length);
  // A linear congruential generator: anything that does not repeat soon will do.
  for (let index = 0, state = seed + 1; index < length; index++) {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    buffer[index] = state >>> 24;
  }
  return buffer;
}

function bareLine(content: string): string {
  return `${content}\n`;
}

function jsonLine(message: string): string {
  return `${JSON.stringify({ level: 'info', message })}\n`;
}

/** Text of exactly `byteLength` bytes; no two of a source are alike. */
function text(kind: 'ascii' | 'multi-byte', byteLength: number, index: number): string {
  const start = `${String(index).padStart(6, '0')} `;
  const room = byteLength - start.length;
  if (room < 0)
    throw new RangeError(`Cannot make text of ${byteLength} bytes: its number is longer`);
  const filler = kind === 'ascii' ? 'The quick brown fox jumps. ' : '日志写入完成 ✓ ';
  let content = filler.repeat(Math.ceil(room / filler.length)).slice(0, room);
  while (Buffer.byteLength(content) > room) content = content.slice(0, -1);
  return `${start}${content.padEnd(content.length + room - Buffer.byteLength(content))}`;
}
