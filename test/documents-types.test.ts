import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { blockUnder, findBlocks, readDocument, writePrograms } from './helpers/document-blocks.js';
import { findDocuments } from './helpers/document-links.js';
import { resultOf } from './helpers/process-result.js';

const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

/** Checks the types of programs, which use the built package. */
async function checkTypes(files: Readonly<Record<string, string>>, compilerOptions: object) {
  const common = { types: ['node'], strict: true, noEmit: true, skipLibCheck: true };
  const settings = {
    compilerOptions: { ...common, ...compilerOptions },
    files: Object.keys(files),
  };
  const folder = await writePrograms({ ...files, 'tsconfig.json': JSON.stringify(settings) });
  const child = spawn(process.execPath, [compiler, '-p', folder, '--pretty', 'false']);
  onTestFinished(() => void child.kill('SIGKILL'));
  return resultOf(child);
}

/** A file name for a block: by its language, and by how it imports. */
function nameOf(source: string, language: string, number: number): string {
  if (language === 'ts') return `block-${number}.mts`;
  return `block-${number}.${source.includes('require(') ? 'cjs' : 'mjs'}`;
}

test('every program in the documents has the right types', async () => {
  const texts = await Promise.all(findDocuments().map(readDocument));
  const blocks = texts
    .flatMap(findBlocks)
    .filter(({ language }) => language === 'js' || language === 'ts');
  const files = Object.fromEntries(
    blocks.map(({ source, language }, index) => [nameOf(source, language, index), source]),
  );

  const { stdout } = await checkTypes(files, {
    module: 'nodenext',
    allowJs: true,
    checkJs: true,
    // JavaScript does not say them, and morgan has none.
    noImplicitAny: false,
    useUnknownInCatchVariables: false,
  });

  expect(blocks.length).toBeGreaterThan(25);
  expect(stdout).toBe('');
});

test.each([
  { module: 'nodenext' },
  { module: 'node20' },
  { module: 'esnext', moduleResolution: 'bundler', target: 'es2022' },
])('the settings that the README names find the types: $module', async (settings) => {
  const program = await blockUnder('docs/options.md', 'Events', { language: 'ts' });
  const common =
    "import { AppendWritable } from 'oss-append-stream';\nexport { AppendWritable };\n";

  const { stdout } = await checkTypes({ 'program.mts': program, 'common.cts': common }, settings);

  expect(stdout).toBe('');
});
