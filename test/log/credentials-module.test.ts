import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { loadedCredentials } from '../../src/log/credentials-module.js';
import openPinoTransport from '../../src/pino.js';

const key = { accessKeyId: 'emulator', accessKeySecret: 'emulator' };

async function moduleFile(name: string, source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, name);
  await writeFile(path, source);
  return path;
}

async function provided(module: string): Promise<unknown> {
  const provider = loadedCredentials({ module });
  return typeof provider === 'function' ? provider() : provider;
}

describe('credentials from a module', () => {
  test.each([
    ['an ES module', 'a.mjs', `export default () => (${JSON.stringify(key)});`],
    ['a promise', 'a.mjs', `export default async () => (${JSON.stringify(key)});`],
    ['a CommonJS module', 'a.cjs', `module.exports = () => (${JSON.stringify(key)});`],
    [
      'CommonJS compiled from ESM',
      'a.cjs',
      `exports.__esModule = true; exports.default = () => (${JSON.stringify(key)});`,
    ],
  ])('come from %s', async (_kind, name, source) => {
    const path = await moduleFile(name, source);

    expect(await provided(pathToFileURL(path).href)).toEqual(key);
    expect(await provided(path)).toEqual(key);
  });

  test('are found by the name of a package', async () => {
    await expect(provided('fast-check')).rejects.toThrow('its default export must be a function');
  });

  test.each([
    ['that is not there', undefined, /^Cannot load credentials from .+nothing\.mjs: Cannot find/],
    ['that exports no function', 'export default 7;', /must be a function: its type is number$/],
    ['that throws', "throw new Error('at once');", /: at once$/],
  ])('a module %s fails the opening, and says why', async (_what, source, message) => {
    await using emulator = await startEmulator();
    const path = source === undefined ? '/nothing.mjs' : await moduleFile('a.mjs', source);
    const { endpoint, region } = emulator;

    const opening = openPinoTransport({
      ...{ endpoint, region, bucket: 'examplebucket', key: 'k' },
      credentials: { module: path },
    });

    await expect(opening).rejects.toMatchObject({ code: 'APPEND_ERR_CREDENTIALS' });
    await expect(opening).rejects.toThrow(message);
  });

  test('leaves other credentials as they are', () => {
    const provider = () => key;

    expect(loadedCredentials(provider)).toBe(provider);
    expect(loadedCredentials(key)).toBe(key);
    expect(loadedCredentials(undefined)).toBeUndefined();
  });
});
