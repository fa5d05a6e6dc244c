import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Headings of the README with the code blocks under each, up to the next heading. */
export async function readmeBlocks(
  language = 'js',
): Promise<ReadonlyMap<string, readonly string[]>> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = new Map<string, string[]>();
  let heading = '';
  // Matches blocks of every language, because a comment in one looks like a heading.
  for (const match of readme.matchAll(/^#+ (.+)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, nextHeading, blockLanguage, source] = match;
    heading = nextHeading ?? heading;
    if (source !== undefined && blockLanguage === language)
      blocks.set(heading, [...(blocks.get(heading) ?? []), source]);
  }
  return blocks;
}

/**
 * Writes programs into a new folder inside the package, where they can import the package by its
 * name, and its development dependencies.
 *
 * @returns The folder, which is removed when the test ends.
 */
export async function writePrograms(files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(root, 'build'), { recursive: true });
  const folder = await mkdtemp(join(root, 'build/readme-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, source] of Object.entries(files)) await writeFile(join(folder, name), source);
  return folder;
}
