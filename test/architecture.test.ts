import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** TypeScript files in a folder and its subfolders, as paths from the root. */
function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('node_modules'));
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function lineCount(path: string): number {
  return read(path).split('\n').length - 1;
}

const sources = filesOf('src');

/** Layers from which each layer may import, in addition to itself. */
const below: Readonly<Record<string, readonly string[]>> = {
  ground: ['timers'],
  timers: ['ground'],
  buffer: ['ground', 'timers'],
  rollover: ['ground', 'timers'],
  append: ['buffer', 'rollover', 'ground', 'timers'],
  oss: ['port', 'ground', 'timers'],
  read: ['append', 'rollover', 'oss', 'ground', 'timers'],
  stream: ['append', 'buffer', 'rollover', 'oss', 'read', 'ground', 'timers'],
  convert: ['stream', 'append', 'oss', 'read', 'ground', 'timers'],
  recovery: ['stream', 'append', 'buffer', 'rollover', 'oss', 'read', 'ground', 'timers'],
  logging: ['recovery', 'stream', 'append', 'buffer', 'oss', 'ground', 'timers'],
  cli: [
    'convert',
    'recovery',
    'stream',
    'append',
    'rollover',
    'oss',
    'read',
    'emulator',
    'ground',
    'timers',
  ],
  // What reads requests must not be what wrote them, except for formats that others define.
  emulator: ['shared'],
  entry: [
    'convert',
    'logging',
    'recovery',
    'stream',
    'append',
    'buffer',
    'rollover',
    'oss',
    'read',
    'ground',
    'timers',
  ],
};

const entries = ['src/index.ts', 'src/pino.ts', 'src/winston.ts'];

function layerOf(path: string): string {
  const [, layer = '', ...rest] = path.split('/');
  if (entries.includes(path)) return 'entry';
  return rest.length === 0 ? 'ground' : layer;
}

/** Layers that a file belongs to; a second one lets others import this file of its layer only. */
function aliasesOf(path: string): string[] {
  // The policy and the timeouts of requests belong to the port too.
  const port = ['append-client', 'retry-policy', 'attempt-timeout'];
  if (port.some((name) => path === `src/append/${name}.ts`)) return ['append', 'port'];
  const shared = ['crc64', 'parse-xml', 'xml-node'];
  return shared.some((name) => path.startsWith(`src/${name}`))
    ? ['ground', 'shared']
    : [layerOf(path)];
}

function importsOf(path: string): string[] {
  return [...read(path).matchAll(/(?:from |import\()'(\.[^']+)\.js'/g)].map(([, target = '']) =>
    relative(root, `${resolve(root, dirname(path), target)}.ts`),
  );
}

describe('the repository', () => {
  test('has every folder of src/ on the map in ARCHITECTURE.md', () => {
    const map = read('ARCHITECTURE.md');
    const folders = new Set(sources.map((path) => dirname(path)).filter((path) => path !== 'src'));

    const missing = [...folders].filter((path) => !map.includes(`${path.split('/').at(-1)}/ `));
    expect(folders.size).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });

  test('contains all files that ARCHITECTURE.md names', () => {
    const names = new Set([...read('ARCHITECTURE.md').matchAll(/[\w.-]+\.ts\b/g)].map(String));
    const files = ['src', 'test', 'bench', 'examples'].flatMap(filesOf);

    expect(names.size).toBeGreaterThan(60);
    const missing = [...names].filter((name) => !files.some((path) => path.endsWith(`/${name}`)));
    expect(missing).toEqual(['NAME.bench.ts']);
  });

  test('has imports from lower layers only, including imports of types', () => {
    const up = sources.flatMap((path) => {
      const layer = layerOf(path);
      const allowed = [layer, ...(below[layer] ?? [])];
      return importsOf(path)
        .filter((target) => !aliasesOf(target).some((alias) => allowed.includes(alias)))
        .map((target) => `${path} → ${target}`);
    });

    expect(up).toEqual([]);
  });

  test('has no tests that import from the benchmarks, which are a separate package', () => {
    const needy = [...sources, ...filesOf('test'), ...filesOf('examples')].filter((path) =>
      importsOf(path).some((target) => target.startsWith('bench/')),
    );

    expect(needy).toEqual([]);
  });

  test('has no import cycles, including imports of types', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]) => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
      if (way.includes(path) || done.has(path)) return;
      for (const target of importsOf(path)) visit(target, [...way, path]);
      done.add(path);
    };
    for (const path of [...sources, ...filesOf('test'), ...filesOf('bench')]) visit(path, []);

    expect(circles).toEqual([]);
  });

  test('has no folder in src/ with more than 16 files', () => {
    const counts = new Map<string, number>();
    for (const path of sources) {
      counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    }
    // One file per operation, and OSS has many operations.
    counts.delete('src/emulator/operations');

    expect([...counts].filter(([, count]) => count > 16)).toEqual([]);
  });

  test.each([
    { folder: 'src', most: 360 },
    { folder: 'test', most: 720 },
  ])('has no file in $folder/ with more than $most lines', ({ folder, most }) => {
    const long = filesOf(folder).filter((path) => lineCount(path) > most);

    expect(long.map((path) => `${path}: ${lineCount(path)}`)).toEqual([]);
  });
});
