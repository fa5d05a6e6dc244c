import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findRotated } from '../../../src/cli/follow/rotated-files.js';
import { createFolder } from '../../helpers/folder.js';

async function createFiles(...names: readonly string[]): Promise<string> {
  const folder = await createFolder();
  for (const name of names) writeFileSync(join(folder, name), name);
  return join(folder, 'app.log');
}

async function find(path: string): Promise<readonly string[]> {
  return (await findRotated(path)).rotated.map((it) => basename(it.path)).sort();
}

describe('findRotated()', () => {
  test('finds files with names that rotation makes, and no others', async () => {
    const names = ['app.log-20261130', 'app.log.1', 'app.log.2'];
    const others = ['app.log.3.gz', 'app.log2', 'app.log.offset', 'other.log.1', 'app.log.', 'ap'];
    const path = await createFiles('app.log', ...names, ...others);
    mkdirSync(`${path}.7`);
    symlinkSync('nothing', `${path}.8`);

    expect(await find(path)).toEqual(names);
  });

  test('finds each file once, whatever names it has', async () => {
    const path = await createFiles('app.log', 'app.log.2');
    symlinkSync('app.log.2', `${path}.1`);
    linkSync(`${path}.2`, `${path}.20261129`);
    symlinkSync('app.log', `${path}.20261130`);
    linkSync(path, `${path}.0`);

    expect(await find(path)).toEqual(['app.log.2']);
  });

  test('tells which file has the name itself, if any', async () => {
    const path = await createFiles('app.log');
    const { current } = await findRotated(path);
    renameSync(path, `${path}.1`);

    const found = await findRotated(path);

    expect(found.current).toBeUndefined();
    expect(found.rotated[0]?.state.ino).toBe(current?.ino);
  });
});
