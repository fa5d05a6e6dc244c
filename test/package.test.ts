import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

const bundles = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.js'),
);

function read(file: string): string {
  return readFileSync(join(dist, file), 'utf8');
}

/** Modules of src/ whose code is in the file. */
function modulesIn(file: string): string[] {
  return [...read(file).matchAll(/^\/\/ (src\/.+\.ts)$/gm)].map(([, path = '']) => path);
}

/** Whatever a process loads that imports the file, with names of packages and builtins. */
function importedBy(file: string): string[] {
  const found = new Set<string>([file]);
  for (const path of found) {
    if (!bundles.includes(path)) continue;
    for (const [, name = ''] of read(path).matchAll(/^(?:import|export) .*?"(.+?)";$/gm)) {
      found.add(name.startsWith('.') ? relative(dist, join(dist, path, '..', name)) : name);
    }
  }
  return [...found].filter((name) => !name.startsWith('node:')).sort();
}

describe('the built package', () => {
  test('has each module once, so that all entries share errors, connections and memory', () => {
    const modules = bundles.flatMap(modulesIn);

    expect(modules.length).toBeGreaterThan(200);
    expect(modules.length).toBe(new Set(modules).size);
  });

  test('imports little: neither XML nor the emulator, the command line or loggers', () => {
    expect(importedBy('index.js')).toEqual([
      'hash-wasm/dist/crc64.umd.min.js',
      'index.js',
      'leven',
      'p-retry',
      'shared/append-readable.js',
      'shared/quantity.js',
      'shared/slab-pool.js',
      'shared/xml-node.js',
      'undici',
    ]);
  });

  test('has an emulator that shares no code with the client but checksums and XML', () => {
    expect(importedBy('emulator/index.js').filter((name) => !name.startsWith('emulator/'))).toEqual(
      ['hash-wasm/dist/crc64.umd.min.js', 'sax', 'shared/parse-xml.js', 'shared/xml-node.js'],
    );
  });

  test('keeps the names of functions and classes for stack traces', () => {
    const code = bundles.map(read).join('\n');

    expect(code).toMatch(/^function resolveOptions\(options, act/m);
    expect(code).toMatch(
      /^var AppendWritable = class AppendWritable extends|^class AppendWritable extends/m,
    );
  });
});
