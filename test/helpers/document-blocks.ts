import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Code in a document. */
export interface Block {
  /** The heading above it. */
  readonly heading: string;

  /** Its place among the blocks of its language under that heading, from 0. */
  readonly index: number;
  readonly language: string;
  readonly source: string;
}

/** Every block of code in a text. */
export function findBlocks(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let heading = '';
  // Blocks of every language, because a comment in one could look like a heading.
  for (const match of text.matchAll(/^#+ (.+)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, nextHeading, language = '', source] = match;
    heading = nextHeading ?? heading;
    if (source === undefined) continue;
    const same = (block: Block) => block.heading === heading && block.language === language;
    blocks.push({ heading, index: blocks.filter(same).length, language, source });
  }
  return blocks;
}

/** Reads a document, by its path from the root. */
export function readDocument(page: string): Promise<string> {
  return readFile(join(root, page), 'utf8');
}

/** Headings of a document with the blocks of one language that stand under each. */
export async function blocksByHeading(
  page: string,
  language = 'js',
): Promise<ReadonlyMap<string, readonly string[]>> {
  const blocks = new Map<string, string[]>();
  for (const block of findBlocks(await readDocument(page))) {
    if (block.language !== language) continue;
    blocks.set(block.heading, [...(blocks.get(block.heading) ?? []), block.source]);
  }
  return blocks;
}

/** The block of a document under a heading; the first one unless `index` says otherwise. */
export async function blockUnder(
  page: string,
  heading: string,
  { language = 'js', index = 0 } = {},
): Promise<string> {
  const block = (await blocksByHeading(page, language)).get(heading)?.[index];
  if (block === undefined)
    throw new Error(`${page} has no ${language} ${index} under "${heading}"`);
  return block;
}

/**
 * Writes files for programs into a new folder inside of the package, where they find it by its
 * name, and all that it is developed with.
 *
 * @returns The folder, which is removed when the test has finished.
 */
export async function writePrograms(files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(root, 'build'), { recursive: true });
  const folder = await mkdtemp(join(root, 'build/document-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, source] of Object.entries(files)) await writeFile(join(folder, name), source);
  return folder;
}
