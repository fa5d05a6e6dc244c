import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { loadedCredentials } from '../../../src/oss/credentials/credentials-module.js';
import openPinoTransport from '../../../src/pino.js';
import { builtProgram } from '../../helpers/remote.js';

const key = { accessKeyId: 'emulator', accessKeySecret: 'emulator' };

async function moduleFile(name: string, source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, name);
  await writeFile(path, source);
  return path;
}

async function provided(module: string): Promise<unknown> {
  const provider = loadedCredentials({ module }, 'test');
  return typeof provider === 'function' ? provider() : provider;
}

/** A folder of an application with an installed package of these files. */
async function applicationWith(name: string, description: object): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const folder = join(home, 'node_modules', name);
  await mkdir(folder, { recursive: true });
  const provider = `() => (${JSON.stringify(key)})`;
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, ...description }));
  await writeFile(join(folder, 'provider.mjs'), `export default ${provider};`);
  await writeFile(join(folder, 'provider.cjs'), `module.exports = ${provider};`);
  return home;
}

const built = pathToFileURL(builtProgram('src/oss/credentials/credentials-module')).href;

/** In a process of its own, because packages are resolved from the working folder. */
function printProvided(cwd: string, module: string) {
  const source = `
    import { loadedCredentials } from ${JSON.stringify(built)};
    const provide = loadedCredentials({ module: ${JSON.stringify(module)} });
    console.log(JSON.stringify(await provide()));
  `;
  const args = ['--input-type=module', '--eval', source];
  return promisify(execFile)(process.execPath, args, { cwd });
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
  ])('can come from %s', async (_kind, name, source) => {
    const path = await moduleFile(name, source);

    expect(await provided(pathToFileURL(path).href)).toEqual(key);
    expect(await provided(path)).toEqual(key);
  });

  test('are found by a package name', async () => {
    await expect(provided('fast-check')).rejects.toThrow('its default export must be a function');
  });

  test.each([
    ['import', { import: './provider.mjs' }],
    ['import, within conditions', { '.': { node: { import: { default: './provider.mjs' } } } }],
    ['module-sync', { 'module-sync': './provider.mjs' }],
    ['require and import', { require: './provider.cjs', import: './none.mjs' }],
    ['default', './provider.mjs'],
  ])('are found in a package that exports by %s', async (_conditions, exports) => {
    const home = await applicationWith('provider-package', { exports });

    const { stdout } = await printProvided(home, 'provider-package');

    expect(JSON.parse(stdout)).toEqual(key);
  });

  test("are found in a package's file that is exported for import only", async () => {
    const home = await applicationWith('@scope/provider', {
      exports: { './from-file': { import: './provider.mjs' } },
    });

    const { stdout } = await printProvided(home, '@scope/provider/from-file');

    expect(JSON.parse(stdout)).toEqual(key);
  });

  test('are refused with CredentialsError if the package does not export the file', async () => {
    const home = await applicationWith('provider-package', { exports: { './other': './a.mjs' } });

    await expect(printProvided(home, 'provider-package')).rejects.toMatchObject({
      stderr: expect.stringMatching(
        /Cannot load credentials from provider-package: No "exports" main defined in .+package\.json/,
      ),
    });
  });

  test.each([
    ['that does not exist', undefined, /^Cannot load credentials from .+nothing\.mjs: Cannot find/],
    [
      'that does not export a function',
      'export default 7;',
      /must be a function: its type is number$/,
    ],
    ['that throws', "throw new Error('at once');", /: at once$/],
  ])(
    'a module %s makes opening fail with an error that gives the reason',
    async (_what, source, message) => {
      await using emulator = await startEmulator();
      const path = source === undefined ? '/nothing.mjs' : await moduleFile('a.mjs', source);
      const { endpoint, region } = emulator;

      const opening = openPinoTransport({
        endpoint,
        region,
        bucket: 'examplebucket',
        key: 'k',
        credentials: { module: path },
      });

      await expect(opening).rejects.toMatchObject({ code: 'APPEND_ERR_CREDENTIALS' });
      await expect(opening).rejects.toThrow(message);
    },
  );

  test('are imported in the published files by an expression that bundlers leave alone', async () => {
    const source = await readFile(new URL(built), 'utf8');

    expect(source).toMatch(/import\(\/\* webpackIgnore: true \*\/ \/\* @vite-ignore \*\/ \w+\)/);
    // webpack evaluates `createRequire`, and warns if it cannot determine the folder.
    expect(source).not.toMatch(/^import .*createRequire/m);
  });

  test('loadedCredentials() returns other credentials unchanged', () => {
    const provider = () => key;

    expect(loadedCredentials(provider, 'test')).toBe(provider);
    expect(loadedCredentials(key, 'test')).toBe(key);
    expect(loadedCredentials(undefined, 'test')).toBeUndefined();
  });
});
