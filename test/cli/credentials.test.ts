import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { environmentOf, resultOf, runCommand, startCommand } from '../helpers/command-line.js';

const url = 'oss://examplebucket/a.log';

let folder: string;
let emulator: Emulator;
let environment: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  emulator = await startEmulator();
  // No keys in the environment: only the module supplies them.
  const { OSS_ENDPOINT, OSS_REGION } = environmentOf(emulator);
  environment = { OSS_ENDPOINT, OSS_REGION };
  await writeFile(join(folder, 'keys.mjs'), provider);
});
afterEach(async () => {
  await emulator.close();
  await rm(folder, { recursive: true });
});

/** Counts its calls in a file next to it; its keys are valid for an hour. */
const provider = `
  import { appendFileSync } from 'node:fs';
  let calls = 0;
  export default async () => {
    appendFileSync(new URL('calls', import.meta.url), 'x');
    const securityToken = 'token-' + ++calls;
    const expiration = Date.now() + 3_600_000;
    return { accessKeyId: 'emulator', accessKeySecret: 'emulator', securityToken, expiration };
  };
`;

async function calls(): Promise<number> {
  return (await readFile(join(folder, 'calls'), 'utf8')).length;
}

function run(...args: string[]) {
  return runCommand(args, { env: environment, cwd: folder, input: 'hello' });
}

describe('--credentials', () => {
  test('accepts a relative path, an absolute path and a URL', async () => {
    const path = join(folder, 'keys.mjs');
    for (const name of ['./keys.mjs', path, pathToFileURL(path).href]) {
      expect(await run('--credentials', name, url)).toMatchObject({ exitCode: 0 });
    }
    expect(String(await emulator.read('examplebucket', 'a.log'))).toBe('hellohellohello');
  });

  test('accepts the name of a package installed in the working folder', async () => {
    const source = `export { default } from ${JSON.stringify(join(folder, 'keys.mjs'))};`;
    const home = join(folder, 'node_modules', 'some-keys');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'package.json'), '{ "exports": "./index.mjs" }');
    await writeFile(join(home, 'index.mjs'), source);

    expect(await run('--credentials', 'some-keys', url)).toMatchObject({ exitCode: 0 });
  });

  test('works with every command that connects to OSS', async () => {
    const keys = ['--credentials', './keys.mjs'];
    const header = { bucket: 'examplebucket', key: 'a.log', position: 5, byteLength: 1 };
    const saved = `${JSON.stringify({ ...header, confirmed: true, doubtful: 0 })}\n!`;
    await writeFile(join(folder, 'saved'), saved);

    expect(await run(...keys, url)).toMatchObject({ exitCode: 0 });
    expect(await run('replay', ...keys, 'saved')).toMatchObject({ exitCode: 0 });
    expect(await run('stat', ...keys, url)).toMatchObject({ exitCode: 0 });
    expect(await run('cat', ...keys, url)).toMatchObject({ exitCode: 0, stdout: 'hello!' });
    expect(await run('seal', ...keys, url)).toMatchObject({ exitCode: 0 });
    expect(await calls()).toBe(5);
  });

  test('renews a token that expires during a run', async () => {
    const args = ['--credentials', './keys.mjs', '--flush-interval', '0', url];
    const child = startCommand(args, { env: environment, cwd: folder });
    const result = resultOf(child);
    const appended = async (text: string) => {
      child.stdin?.write(text.at(-1) as string);
      await expect
        .poll(() => emulator.read('examplebucket', 'a.log').then(String, () => ''), {
          interval: 5,
          timeout: 10_000,
        })
        .toBe(text);
    };
    await appended('1');
    expect(await calls()).toBe(1);
    emulator.faults.add({ kind: 'expired-token', operation: 'append', times: 1 });
    await appended('12');
    await appended('123');
    child.stdin?.end();

    expect(await result).toMatchObject({ exitCode: 0 });
    expect(await calls()).toBe(2);
  });

  test('is needed to survive an expired token: without it the run fails', async () => {
    const { OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET } = environmentOf(emulator);
    const env = {
      ...environment,
      OSS_ACCESS_KEY_ID,
      OSS_ACCESS_KEY_SECRET,
      OSS_SESSION_TOKEN: 't',
    };
    emulator.faults.add({ kind: 'expired-token', operation: 'append', times: 1 });
    const result = await runCommand([url], { env, cwd: folder, input: 'hello' });

    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain('SecurityTokenExpired');
  });

  test('appears in the replay command that the error message suggests', async () => {
    emulator.faults.add({ kind: 'error-503', operation: 'append', times: 10 });
    const { exitCode, stderr } = await run('--credentials', './keys.mjs', '--retries', '0', url);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/oss-append replay .*--credentials \.\/keys\.mjs/);
  });

  test.each([
    ['does not exist', './none.mjs', /Cannot load credentials from file:.+none\.mjs: Cannot find/],
    ['does not export a function', './number.mjs', /must be a function: its type is number/],
    ['returns no key id', './empty.mjs', /the provider's result must have a string 'accessKeyId'/],
  ])('exits with 3 and prints no secret if the module %s', async (_what, name, message) => {
    await writeFile(join(folder, 'number.mjs'), 'export default 7;');
    await writeFile(
      join(folder, 'empty.mjs'),
      "export default () => ({ accessKeySecret: 'hunter2' });",
    );
    const { exitCode, stderr } = await run('--credentials', name, url);

    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: expect.stringMatching(message) });
    expect(stderr).not.toContain('hunter2');
    expect(emulator.requests).toEqual([]);
  });
});
