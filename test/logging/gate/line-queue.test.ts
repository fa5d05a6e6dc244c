import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineQueue } from '../../../src/logging/gate/line-queue.js';
import { RecordDelimiter } from '../../../src/logging/gate/record-delimiter.js';

const moves = fc.array(
  fc.oneof(
    // Some longer than a segment of the queue, some incomplete lines.
    fc.record({
      kind: fc.constant('push' as const),
      length: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 150_000 })),
      endsLine: fc.boolean(),
    }),
    fc.constant({ kind: 'shift' as const }),
    fc.constant({ kind: 'dropLine' as const }),
  ),
  { minLength: 1, maxLength: 60 },
);

test.each(['\n', '\r\n', 'END\n'])(
  'LineQueue returns pushed bytes in order and in whole lines, which end with %j',
  (delimiter) => {
    fc.assert(
      fc.property(moves, (script) => {
        const queue = new LineQueue(new RecordDelimiter(delimiter));
        let model = Buffer.alloc(0);
        let letter = 0;
        const told = new Map<number, string>();
        for (const move of script) {
          if (move.kind === 'push') {
            const text = String.fromCharCode(97 + (letter++ % 26)).repeat(move.length);
            const bytes = Buffer.from(move.endsLine ? `${text}${delimiter}` : text);
            const id = letter;
            queue.push(bytes, (error) => {
              if (told.has(id)) throw new Error('called twice');
              told.set(id, error ? 'dropped' : 'passed on');
            });
            model = Buffer.concat([model, bytes]);
          } else if (model.byteLength > 0) {
            const index = model.indexOf(delimiter);
            const lineEnd = index === -1 ? model.byteLength : index + delimiter.length;
            if (move.kind === 'dropLine') {
              expect(queue.dropLine().bytes.equals(model.subarray(0, lineEnd))).toBe(true);
              model = model.subarray(lineEnd);
            } else {
              const { bytes, callback } = queue.shift();
              callback?.(null);
              expect(bytes.equals(model.subarray(0, bytes.byteLength))).toBe(true);
              const isWhole = bytes.toString().endsWith(delimiter);
              expect(isWhole || bytes.byteLength === model.byteLength).toBe(true);
              expect(bytes.byteLength).toBeGreaterThanOrEqual(1);
              model = model.subarray(bytes.byteLength);
            }
          }
          expect(queue.byteLength).toBe(model.byteLength);
        }
      }),
      { numRuns: 200 },
    );
  },
);

test('LineQueue finds the end of a line that is torn between two of its segments', () => {
  const queue = new LineQueue(new RecordDelimiter('||'));
  const first = `${'x'.repeat(64 * 1024 - 1)}||`;
  for (const text of [first.slice(0, -1), '|second|', '|third||']) queue.push(Buffer.from(text));

  expect(queue.dropLine().bytes.toString()).toBe(first);
  expect(queue.shift().bytes.toString()).toBe('second||third||');
});

test('LineQueue releases its memory segment by segment', () => {
  const queue = new LineQueue();
  const line = Buffer.from(`${'x'.repeat(99)}\n`);
  for (let index = 0; index < 10_000; index++) queue.push(line);

  const { bytes } = queue.shift();

  expect(bytes.buffer.byteLength).toBeLessThanOrEqual(64 * 1024 + 100);
  expect(queue.byteLength).toBe(1_000_000 - bytes.byteLength);
});

test('LineQueue calls only the callbacks of a dropped line when it drops that line', async () => {
  const queue = new LineQueue();
  const told: unknown[] = [];
  for (const line of ['one\n', 'two\nthree\n', 'four\n']) {
    queue.push(Buffer.from(line), (error) => told.push([line, error?.name]));
  }
  const next = () => new Promise(process.nextTick);

  queue.dropLine();
  await next();
  expect(told.splice(0)).toEqual([['one\n', 'LinesDroppedError']]);
  queue.dropLine();
  await next();
  expect(told.splice(0)).toEqual([['two\nthree\n', 'LinesDroppedError']]);
  const { bytes, callback } = queue.shift();
  await next();
  expect(told).toEqual([]);
  callback?.();
  await next();

  expect(String(bytes)).toBe('three\nfour\n');
  expect(told).toEqual([['four\n', undefined]]);
});
