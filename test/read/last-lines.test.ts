import { describe, expect, test } from 'vitest';
import { findLastLines } from '../../src/read/last-lines.js';
import { ScriptedClient } from '../append/scripted-client.js';
import { requestsTo } from './scripted-reading.js';

async function lastLines(content: string, count: number) {
  const client = new ScriptedClient(content);
  const { requests } = requestsTo(client);
  const length = Buffer.byteLength(content);
  const position = await findLastLines(requests, 'a.log', { length }, count);
  return { text: content.slice(position), calls: client.calls };
}

describe('findLastLines()', () => {
  test.each([
    { content: 'a\nb\nc\n', count: 2, text: 'b\nc\n' },
    { content: 'a\nb\nc', count: 2, text: 'b\nc' },
    { content: 'a\nb\nc\n', count: 3, text: 'a\nb\nc\n' },
    { content: 'a\nb\nc\n', count: 100, text: 'a\nb\nc\n' },
    { content: 'a\nb\nc\n', count: 0, text: '' },
    { content: '', count: 10, text: '' },
    { content: '\n', count: 1, text: '\n' },
    { content: '\n\n\n', count: 2, text: '\n\n' },
    { content: '\na', count: 1, text: 'a' },
    { content: '\na', count: 2, text: '\na' },
    { content: 'no line feed', count: 1, text: 'no line feed' },
  ])('of $content, $count', async ({ content, count, text }) => {
    expect((await lastLines(content, count)).text).toBe(text);
  });

  test('finds lines across pieces, wherever these end', async () => {
    for (const length of [65_534, 65_535, 65_536, 65_537, 200_000]) {
      const last = `${'x'.repeat(length)}\n`;
      const { text } = await lastLines(`first\nsecond\n${last}`, 2);
      expect(text).toBe(`second\n${last}`);
    }
  });

  test('reads the end alone where lines are short', async () => {
    const { calls } = await lastLines('a line\n'.repeat(100_000), 10);

    expect(calls).toEqual(['get 634463-699999']);
  });

  test('reads in pieces of 4 MiB at most where lines are long', async () => {
    const { text, calls } = await lastLines(`a\n${'x'.repeat(20 * 2 ** 20)}`, 1);

    expect(text).toHaveLength(20 * 2 ** 20);
    const sizes = calls.map((call) => {
      const [, start, end] = /^get (\d+)-(\d+)$/.exec(call) ?? [];
      return Number(end) - Number(start);
    });
    expect(Math.max(...sizes)).toBe(4 * 2 ** 20);
    expect(sizes.slice(0, 3)).toEqual([2 ** 16, 2 ** 17, 2 ** 18]);
  });

  test('fails where the object becomes shorter', async () => {
    const client = new ScriptedClient('short');
    const { requests } = requestsTo(client);

    await expect(findLastLines(requests, 'a.log', { length: 100 }, 1)).rejects.toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      actualLength: 5,
    });
  });
});
