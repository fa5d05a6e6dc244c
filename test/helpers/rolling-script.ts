import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { AppendResult, AppendWritable } from '../../src/index.js';
import type { Range, Writing } from './object-rules.js';

const forms = ['bytes', 'utf8', 'latin1', 'utf16le', 'hex', 'base64'] as const;

interface Write {
  readonly do: 'write' | 'append' | 'call back';
  readonly pieces: readonly string[];
  readonly form: (typeof forms)[number];
}

/** One action of a stream's user. */
export type Step =
  | Write
  | { readonly do: 'flush' | 'cork' | 'uncork' | 'turn' | 'drain' }
  | { readonly do: 'pass'; readonly milliseconds: number };

/** Delimiters that cannot overlap themselves; without one, writes are kept whole. */
export const delimiters = ['\n', '\r\n', '<end>', '行', undefined] as const;

const alphabet = ['a', 'bc', 'def', 'é'] as const;

/** Letters, delimiters, and parts of delimiters that may or may not become whole. */
function pieces(delimiter: string | undefined, scale: number): fc.Arbitrary<string[]> {
  const letters = alphabet.map((letter) => letter.repeat(scale));
  const weighted = [
    { weight: 6, arbitrary: fc.constantFrom(...letters) },
    { weight: 2, arbitrary: fc.constant(delimiter ?? 'g') },
    { weight: 1, arbitrary: fc.constantFrom(...(delimiter ?? 'h')) },
  ];
  return fc.array(fc.oneof(...weighted), { maxLength: 12, size: 'max' });
}

/**
 * A write of one kind or another.
 *
 * @param scale How often each letter is repeated: many make writes that are not copied ahead.
 */
export function writeStep(delimiter: string | undefined, scale = 1): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constantFrom('write', 'write', 'write', 'append', 'call back'),
    pieces: pieces(delimiter, scale),
    form: fc.constantFrom(...forms),
  });
}

/** What a user did to a stream. */
export interface Account {
  readonly writing: Writing;

  /** When each write was made, in milliseconds since 1970. */
  readonly times: readonly number[];

  /** Bytes written before the first object was open. */
  readonly early: number;
  readonly placed: readonly { readonly range: Range; readonly result: Promise<AppendResult> }[];
}

/** Does the steps, without waiting for more than they say; stops where the stream is destroyed. */
export async function act(
  stream: AppendWritable,
  steps: readonly Step[],
  {
    delimiter,
    pass = () => {},
  }: { delimiter: string | undefined; pass?: (milliseconds: number) => void },
): Promise<Account> {
  const parts: Buffer[] = [];
  const writes: Range[] = [];
  const undivided: Range[] = [];
  const flushes: number[] = [];
  const times: number[] = [];
  const placed: { range: Range; result: Promise<AppendResult> }[] = [];
  let offset = 0;
  let early = stream.position === undefined ? undefined : 0;
  stream.once('ready', () => {
    early ??= offset;
  });
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  for (const step of steps) {
    if (stream.destroyed) break;
    switch (step.do) {
      case 'pass':
        // A write that waits for room is accepted later than it is made.
        while (stream.stats.bytesAccepted < offset) await turn();
        pass(step.milliseconds);
        break;
      case 'turn':
        await turn();
        break;
      case 'drain':
        if (!stream.writableNeedDrain || stream.writableCorked > 0) break;
        await Promise.race([once(stream, 'drain').catch(() => {}), closed]);
        break;
      case 'cork':
      case 'uncork':
        stream[step.do]();
        break;
      case 'flush':
        flushes.push(offset);
        void stream.flush(() => {});
        break;
      default: {
        const { data, encoding, bytes } = inForm(step);
        const range = { start: offset, end: offset + bytes.byteLength };
        parts.push(bytes);
        writes.push(range);
        times.push(Date.now());
        offset = range.end;
        if (step.do === 'append') {
          const result = stream.append(data, encoding);
          result.catch(() => {});
          undivided.push(range);
          placed.push({ range, result });
        } else if (step.do === 'write') stream.write(data, encoding);
        else stream.write(data, encoding, () => {});
      }
    }
  }
  const separator = delimiter === undefined ? undefined : Buffer.from(delimiter);
  const bytes = Buffer.concat(parts);
  const writing = { bytes, delimiter: separator, writes, undivided, flushes };
  return { writing, times, early: early ?? offset, placed };
}

/** Data of a write in the form, if its bytes allow that. */
function inForm({ pieces, form }: Write) {
  const bytes = Buffer.from(pieces.join(''));
  const isEven = bytes.byteLength % 2 === 0;
  if (form === 'bytes' || (form === 'utf16le' && !isEven)) {
    return { data: bytes, encoding: undefined, bytes };
  }
  return { data: bytes.toString(form), encoding: form, bytes };
}
