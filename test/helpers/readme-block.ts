import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Headings of the README with the code that stands under each, up to the next heading. */
export async function readmeBlocks(
  language = 'js',
): Promise<ReadonlyMap<string, readonly string[]>> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = new Map<string, string[]>();
  let heading = '';
  // Every block, or a comment in one would be taken for a heading.
  for (const match of readme.matchAll(/^#+ (.+)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, nextHeading, blockLanguage, source] = match;
    heading = nextHeading ?? heading;
    if (source !== undefined && blockLanguage === language)
      blocks.set(heading, [...(blocks.get(heading) ?? []), source]);
  }
  return blocks;
}

/**
 * Writes files for programs into a new folder inside of the package, where they find it by its
 * name, and all that it is developed with.
 *
 * @returns The folder. It goes away with the test.
 */
export async function writePrograms(files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(root, 'build'), { recursive: true });
  const folder = await mkdtemp(join(root, 'build/readme-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, source] of Object.entries(files)) await writeFile(join(folder, name), source);
  return folder;
}
