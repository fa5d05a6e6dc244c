import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Generation } from '../../../src/cli/follow/generation.js';
import { findResumePoint } from '../../../src/cli/follow/resume-point.js';
import { loadCrc64 } from '../../../src/crc64.js';
import { createFolder } from '../../helpers/folder.js';

const crc64 = await loadCrc64();
const { signal } = new AbortController();

/** Opens files with these contents, oldest first: `app.log.2`, `app.log.1` and `app.log`. */
async function openAll(contents: readonly string[]): Promise<readonly Generation[]> {
  const folder = await createFolder();
  const generations: Generation[] = [];
  for (const [index, content] of contents.entries()) {
    const age = contents.length - 1 - index;
    const path = join(folder, age === 0 ? 'app.log' : `app.log.${age}`);
    writeFileSync(path, content);
    const generation = await Generation.open(path);
    onTestFinished(() => generation.close());
    generations.push(generation);
  }
  return generations;
}

function targetOf(object: string, { isReadable = true } = {}) {
  const bytes = Buffer.from(object);
  return {
    position: bytes.byteLength,
    checksum: async () => crc64(bytes),
    head: async (end: number) => (isReadable ? bytes.subarray(0, end) : undefined),
  };
}

/** Where to go on, such as `app.log.1 at 3`. */
async function find(
  contents: readonly string[],
  object: string,
  { isWhole = false, isReadable = true } = {},
): Promise<string> {
  const target = targetOf(object, { isReadable });
  const generations = await openAll(contents);
  const point = await findResumePoint(generations, target, { isWhole, signal });
  const name = point.generations[point.index]?.path.split('/').at(-1);
  return `${name} at ${point.offset}`;
}

describe('findResumePoint()', () => {
  test.each([
    { contents: ['one two'], object: '', point: 'app.log at 0' },
    { contents: ['one two'], object: 'one', point: 'app.log at 3' },
    { contents: ['one two'], object: 'one two', point: 'app.log at 7' },
    { contents: ['old', 'new'], object: '', point: 'app.log at 0' },
    { contents: ['old', 'new'], object: 'n', point: 'app.log at 1' },
    { contents: ['old', 'new'], object: 'o', point: 'app.log.1 at 1' },
    // The old file may still be written to.
    { contents: ['old', 'new'], object: 'old', point: 'app.log.1 at 3' },
    { contents: ['old', 'new'], object: 'oldn', point: 'app.log at 1' },
    { contents: ['old', ''], object: 'old', point: 'app.log.1 at 3' },
    { contents: ['oldest', 'old', 'new'], object: 'oldestoldn', point: 'app.log at 1' },
    { contents: ['oldest', 'old', 'new'], object: 'oldn', point: 'app.log at 1' },
    { contents: ['oldest', 'old', 'new'], object: 'oldesto', point: 'app.log.1 at 1' },
    {
      contents: [`${'a'.repeat(5000)}b`, 'new'],
      object: 'a'.repeat(5000),
      point: 'app.log.1 at 5000',
    },
  ])('finds $point after $object in $contents', async ({ contents, object, point }) => {
    expect(await find(contents, object)).toBe(point);
    expect(await find(contents, object, { isReadable: false })).toBe(point);
  });

  test.each([
    { object: '', point: 'app.log.1 at 0' },
    { object: 'o', point: 'app.log.1 at 1' },
    { object: 'oldne', point: 'app.log at 2' },
  ])('begins with the oldest file if older ones were named: $object', async ({ object, point }) => {
    expect(await find(['old', 'new'], object, { isWhole: true })).toBe(point);
  });

  test.each([
    { scenario: 'a file that was truncated', contents: ['on'], object: 'one' },
    { scenario: 'a file that was written anew', contents: ['eno and more'], object: 'one' },
    { scenario: 'a rotated file that is gone', contents: ['old', 'new'], object: 'oldestoldn' },
    { scenario: 'a gap between the files', contents: ['old', 'new'], object: 'oldold' },
    {
      scenario: 'an end that differs',
      contents: [`${'a'.repeat(9000)}b`],
      object: `${'a'.repeat(9000)}c`,
    },
  ])('refuses $scenario', async ({ contents, object }) => {
    await expect(find(contents, object)).rejects.toThrow(
      /^Cannot follow app.log: the \d+ bytes of the object are not the first ones of app.log/,
    );
  });

  test('does not begin with a newer file if older ones were named', async () => {
    await expect(find(['old', 'new'], 'n', { isWhole: true })).rejects.toThrow(
      'Cannot follow app.log: the 1 byte of the object are not the first ones of app.log, or of app.log.1 and what follows.',
    );
  });

  test('refuses an object that may have been begun with either of two files', async () => {
    await expect(find(['# log\nold', '# log\nnew'], '# log\n')).rejects.toThrow(
      /^Cannot follow app.log: app.log.1 and app.log have the same first 6 bytes, which are all that/,
    );
    await expect(find(['# log\nold', '# log\nnew', 'third'], '# log\n')).rejects.toThrow(
      /^Cannot follow app.log: app.log.2 and app.log.1 have .+ to go on with app.log.1 and what follows,/,
    );
  });

  test('stops when it is not wanted any more', async () => {
    const generations = await openAll(['one']);
    const options = { isWhole: false, signal: AbortSignal.abort() };

    await expect(findResumePoint(generations, targetOf('one'), options)).rejects.toThrow('abort');
  });
});
