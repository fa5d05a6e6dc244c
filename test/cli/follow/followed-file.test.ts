import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FollowedFile } from '../../../src/cli/follow/followed-file.js';
import type { Generation } from '../../../src/cli/follow/generation.js';
import { createFolder } from '../../helpers/folder.js';

async function follow() {
  const path = join(await createFolder(), 'app.log');
  const troubles: (string | undefined)[] = [];
  const followed = new FollowedFile(path, {
    pollInterval: 5,
    onTrouble: ({ code, message }: NodeJS.ErrnoException) => troubles.push(code ?? message),
  });
  onTestFinished(() => followed.close());
  return { path, followed, troubles };
}

/** Resolves when the file has certainly been looked at since the call. */
async function look(followed: FollowedFile): Promise<void> {
  await followed.nextLook();
  await followed.nextLook();
}

async function contentOf(generation: Generation | undefined): Promise<string> {
  return String(await generation?.read(0, 100));
}

describe('FollowedFile', () => {
  test('opens each file that gets the name, while nobody reads', async () => {
    const { path, followed } = await follow();
    writeFileSync(path, 'one');
    let last = await followed.first();
    const contents = [await contentOf(last)];

    for (const content of ['two', 'three', 'four']) {
      renameSync(path, `${path}.${content}`);
      rmSync(`${path}.${content}`);
      writeFileSync(path, content);
      await look(followed);
    }

    while (last !== undefined) {
      last = followed.after(last);
      contents.push(await contentOf(last));
    }
    expect(contents).toEqual(['one', 'two', 'three', 'four', 'undefined']);
  });

  test('tells of trouble once in a row, and tries again', async () => {
    const { path, followed, troubles } = await follow();
    const first = followed.first();
    await look(followed);
    expect(troubles).toEqual(['ENOENT']);
    writeFileSync(path, 'one');
    await first;

    rmSync(path);
    await look(followed);
    mkdirSync(path);
    await look(followed);
    expect(troubles).toEqual(['ENOENT', `${path} is not a regular file`]);
    rmSync(path, { recursive: true });
    writeFileSync(path, 'two');

    await expect.poll(async () => first.then((it) => it && followed.after(it))).toBeDefined();
    expect(troubles).toHaveLength(2);
  });

  test('takes an old file for over when the new one has bytes and the old one gets no more', async () => {
    const { path, followed } = await follow();
    writeFileSync(path, 'one');
    const first = (await followed.first()) as Generation;
    expect(await followed.isOver(first, 9)).toBe(false);

    renameSync(path, `${path}.1`);
    writeFileSync(path, '');
    await look(followed);
    expect(await followed.isOver(first, 9)).toBe(false);

    writeFileSync(path, 'two');
    expect(await followed.isOver(first, 1)).toBe(false);
    expect(await followed.isOver(first, 2)).toBe(true);
    expect(followed.isReplaced(first)).toBe(true);

    renameSync(path, `${path}.2`);
    writeFileSync(path, '');
    await look(followed);
    expect(await followed.isOver(first, 0)).toBe(true);
  });

  test('does not take an old file for over while the ones after it are empty', async () => {
    const { path, followed } = await follow();
    writeFileSync(path, 'one');
    const first = (await followed.first()) as Generation;
    for (const number of [2, 1]) {
      renameSync(path, `${path}.${number}`);
      writeFileSync(path, '');
      await look(followed);
    }
    expect(await followed.isOver(first, 9)).toBe(false);

    writeFileSync(path, 'three');

    expect(await followed.isOver(first, 1)).toBe(false);
    expect(await followed.isOver(first, 2)).toBe(true);
  });

  test('expects nothing more when it is to finish', async () => {
    const { path, followed } = await follow();
    writeFileSync(path, 'one');
    const first = (await followed.first()) as Generation;
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'two');

    await followed.finish();

    expect(await followed.isOver(first, 0)).toBe(true);
    expect(await contentOf(followed.after(first))).toBe('two');
  });

  test('does not wait for a file when it is to finish', async () => {
    const { followed } = await follow();
    const first = followed.first();

    await followed.finish();

    expect(await first).toBeUndefined();
  });
});
