import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { OssClient } from '../../src/index.js';
import { send } from '../emulator/signed-request.js';
import {
  environmentOf,
  resultOf,
  runCommand,
  runInTerminal,
  startCommand,
} from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { createFolder } from '../helpers/folder.js';

const { emulator, env } = await startEmulatorForFile();

function read(key: string): Promise<Buffer> {
  return emulator.read('examplebucket', key);
}

describe('oss-append', () => {
  test('appends standard input unchanged and prints a summary', async () => {
    const input = randomBytes(300_000);

    const result = await runCommand(['oss://examplebucket/stdin'], { env, input });

    expect(result).toMatchObject({ exitCode: 0, stdout: '' });
    expect(result.stderr).toMatch(
      /^Appended 300000 bytes in 1 append to oss:\/\/examplebucket\/stdin \(.+\): next position 300000, CRC-64 \d+\n$/,
    );
    expect((await read('stdin')).equals(input)).toBe(true);
  });

  test('two runs on one key concatenate', async () => {
    await runCommand(['oss://examplebucket/twice'], { env, input: 'no newline' });

    await runCommand(['oss://examplebucket/twice'], { env, input: ', and none added' });

    expect(String(await read('twice'))).toBe('no newline, and none added');
  });

  test('appends whole lines while the input goes on, and the unfinished one at its end', async () => {
    const url = 'oss://examplebucket/lines';
    const args = ['--record-delimiter', '\\n', '--flush-interval', '0', url];
    const child = startCommand(args, { env });
    const wait = { timeout: 20_000 };
    const lengthsOf = () => emulator.requests.filter(({ key }) => key === 'lines');
    child.stdin?.write('one\ntw');
    await vi.waitFor(async () => expect(String(await read('lines'))).toBe('one\n'), wait);
    child.stdin?.write('o\nthr');
    await vi.waitFor(async () => expect(String(await read('lines'))).toBe('one\ntwo\n'), wait);
    child.stdin?.end('ee');
    const { exitCode } = await resultOf(child);

    expect(exitCode).toBe(0);
    expect(String(await read('lines'))).toBe('one\ntwo\nthree');
    expect(lengthsOf().filter(({ operation }) => operation === 'append')).toHaveLength(3);
  });

  test('--seal seals the object when everything is committed, and says so', async () => {
    const args = ['--seal', '--json', 'oss://examplebucket/sealed'];
    const { exitCode, stdout, stderr } = await runCommand(args, { env, input: 'bytes' });

    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/, CRC-64 \d+, sealed\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ sealed: true, exitCode: 0 });
    const next = await runCommand(['oss://examplebucket/sealed'], { env, input: 'more' });
    expect(next.stderr).toContain('the object is sealed');
  });

  test('exits with 1 if the object cannot be sealed, and says that everything is committed', async () => {
    emulator.faults.add({ kind: 'forbid', operation: 'seal', times: 1 });
    const args = ['--seal', '--json', 'oss://examplebucket/unsealed'];
    const { exitCode, stdout, stderr } = await runCommand(args, { env, input: 'bytes' });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^oss-append: Cannot seal "unsealed" at position 5: OSS answered 403 .+\. 5 bytes are committed, the next position is 5\.\n$/,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      sealed: false,
      exitCode: 1,
      error: { code: 'APPEND_ERR_SERVICE' },
    });
    expect(String(await read('unsealed'))).toBe('bytes');
  });

  test('appends files and standard input in the order of the arguments', async () => {
    const folder = await createFolder();
    await writeFile(join(folder, 'one'), 'one ');
    await writeFile(join(folder, 'two'), 'two');

    const args = ['one', 'oss://examplebucket/files', '-', 'two'];
    const { exitCode } = await runCommand(args, { env, cwd: folder, input: 'stdin ' });

    expect(exitCode).toBe(0);
    expect(String(await read('files'))).toBe('one stdin two');
  });

  test('appends a named pipe', async () => {
    const folder = await createFolder();
    const script =
      'mkfifo pipe && (echo from a pipe > pipe &) && oss_append oss://examplebucket/fifo pipe';

    const { exitCode } = await runInTerminal(script, { env, cwd: folder });

    expect(exitCode).toBe(0);
    expect(String(await read('fifo'))).toBe('from a pipe\n');
  });

  test('refuses a folder as standard input', async () => {
    const { exitCode, screen } = await runInTerminal('oss_append oss://examplebucket/k < /tmp', {
      env,
    });

    expect(exitCode).toBe(2);
    expect(screen).toContain('Cannot read standard input: it is a folder.');
  });

  test('creates an empty object from empty input', async () => {
    const { exitCode } = await runCommand(['oss://examplebucket/empty'], { env });

    expect(exitCode).toBe(0);
    expect(await read('empty')).toHaveLength(0);
  });

  test('sets the attributes of a new object', async () => {
    const args = ['--content-type', 'text/plain', '--cache-control', 'no-store', '--meta', 'a=1'];
    const more = [
      '--meta',
      'b=2=2',
      '--storage-class',
      'IA',
      '--tagging',
      'team=x',
      '--tagging',
      'y=z',
    ];
    const expires = ['--expires', '2030-01-02T03:04:05Z'];

    await runCommand([...args, ...more, ...expires, 'oss://examplebucket/attributes'], {
      env,
      input: 'x',
    });

    const { headers } = await send(emulator, { method: 'HEAD', key: 'attributes' });
    expect(headers).toMatchObject({
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      'x-oss-meta-a': '1',
      'x-oss-meta-b': '2=2',
      'x-oss-storage-class': 'IA',
      'x-oss-tagging-count': '2',
      expires: 'Wed, 02 Jan 2030 03:04:05 GMT',
    });
  });

  test('sends chunks of the size given by --chunk-size', async () => {
    const input = randomBytes(3 * 65_536 + 1);

    await runCommand(['--chunk-size', '64KiB', 'oss://examplebucket/chunks'], { env, input });

    const appends = emulator.requests.filter(
      ({ key, operation }) => key === 'chunks' && operation === 'append',
    );
    expect(appends.map(({ byteLength }) => byteLength)).toEqual([65_536, 65_536, 65_536, 1]);
  });

  test('prints nothing with --quiet', async () => {
    const args = ['--quiet', 'oss://examplebucket/quiet'];

    expect(await runCommand(args, { env, input: 'x' })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });

  test('prints the result as one line of JSON with --json', async () => {
    const args = ['--json', '--quiet', 'oss://examplebucket/json'];

    const { exitCode, stdout, stderr } = await runCommand(args, { env, input: '123456789' });

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^.+\n$/);
    expect(JSON.parse(stdout)).toEqual({
      url: 'oss://examplebucket/json',
      bucket: 'examplebucket',
      key: 'json',
      bytesWritten: 9,
      position: 9,
      crc64: '11051210869376104954',
      appends: 1,
      attempts: 1,
      retries: 0,
      reconciles: 0,
      duration: expect.any(Number),
      exitCode: 0,
    });
  });

  test('copies everything to standard output with --tee', async () => {
    const input = randomBytes(2_000_000);
    const child = startCommand(['--tee', 'oss://examplebucket/tee'], { env });
    const pieces: Buffer[] = [];
    child.stdout?.on('data', (piece: Buffer) => pieces.push(piece));
    child.stdin?.end(input);

    const [exitCode] = await once(child, 'close');

    expect(exitCode).toBe(0);
    expect(Buffer.concat(pieces).equals(input)).toBe(true);
    expect((await read('tee')).equals(input)).toBe(true);
  });

  test('keeps appending when the reader of --tee closes the pipe', async () => {
    const input = randomBytes(3_000_000);
    const child = startCommand(['--tee', '--quiet', 'oss://examplebucket/epipe'], { env });
    child.stdout?.once('data', () => child.stdout?.destroy());
    child.stdin?.end(input);

    const [exitCode] = await once(child, 'close');

    expect(exitCode).toBe(0);
    expect((await read('epipe')).equals(input)).toBe(true);
  });

  test('does not read standard input before the object is open', async () => {
    onTestFinished(emulator.faults.add({ kind: 'stall', key: 'unopened' }));
    const child = startCommand(['oss://examplebucket/unopened'], { env });
    const result = resultOf(child);
    let isTaken = false;
    child.stdin?.on('error', () => {});
    // More than a pipe holds.
    child.stdin?.write(Buffer.alloc(2_000_000), () => {
      isTaken = true;
    });
    await expect.poll(() => emulator.requests.some(({ key }) => key === 'unopened')).toBe(true);
    // No event marks that nothing is read: wait for a fixed time.
    await new Promise((resolve) => setTimeout(resolve, 300));

    expect(isTaken).toBe(false);

    child.kill('SIGKILL');
    await result;
  });

  test('appends to an object that another client created', async () => {
    const client = new OssClient({ bucket: 'examplebucket', ...emulator });
    await client.appendObject('existing', 0, Buffer.from('before, '), { create: {} });
    await client.close();

    await runCommand(['oss://examplebucket/existing'], { env, input: 'after' });

    expect(String(await read('existing'))).toBe('before, after');
  });

  test('keeps the objects of --emulator in the folder given by --dir', async () => {
    const cwd = await createFolder();
    const args = ['--emulator', '--dir', 'data', 'oss://any-bucket/a/key'];
    await runCommand(args, { cwd, input: 'kept ' });
    await runCommand([...args, '--fault', 'kind=drop-answer,operation=append'], {
      cwd,
      input: 'once',
    });

    const { stdout } = await runCommand(['cat', ...args], { cwd });

    expect(stdout).toBe('kept once');
  });

  test('keeps memory constant for an input of 400 MiB', async () => {
    const size = 400 * 2 ** 20;
    await using storage = await startEmulator({ dir: await createFolder() });
    const child = startCommand(['oss://examplebucket/endless'], {
      env: { ...environmentOf(storage), NODE_OPTIONS: `--import=${peakMemoryReport}` },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const result = resultOf(child);
    const block = Buffer.alloc(2 ** 20, 'y\n');
    for (let sent = 0; sent < size; sent += block.byteLength) {
      if (!child.stdin?.write(block)) await once(child.stdin as NodeJS.WritableStream, 'drain');
    }
    child.stdin?.end();

    const { exitCode, stderr } = await result;

    expect(exitCode).toBe(0);
    expect(stderr).toContain(`next position ${size}`);
    const [, peak] = /peak (\d+) KiB/.exec(stderr) ?? [];
    expect(Number(peak)).toBeLessThan(220 * 1024);
  }, 60_000);
});

/** A module that prints the peak memory of its process at exit. */
const peakMemoryReport = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => console.error("peak", process.resourceUsage().maxRSS, "KiB"));',
)}`;

/** Erases a line of a terminal. */
const clearLine = '\r\u001b[K';

describe('oss-append on a terminal', () => {
  test('shows progress and erases it at the end', async () => {
    const script = '(echo one; cat; echo two) | oss_append oss://examplebucket/progress';
    const endOfInput = '\u0004';

    const { exitCode, screen } = await runInTerminal(script, {
      env,
      keys: ({ stdin, stdout }) =>
        stdout?.on('data', (shown) => {
          if (shown.includes('committed')) stdin?.write(endOfInput);
        }),
    });

    expect(exitCode).toBe(0);
    const states = screen.split(clearLine);
    expect(states.at(1)).toMatch(/^\d+ B committed {2}.+\/s {2}.+ waiting {2}\d appends$/);
    expect(states.at(-1)).toMatch(/^Appended 8 bytes in \d append/);
  });

  test('shows no progress to a pipe, with --quiet, or on a dumb terminal', async () => {
    const input = '(echo one; sleep 1; echo two)';
    const url = 'oss://examplebucket/no-progress';

    const quiet = await runInTerminal(`${input} | oss_append --quiet ${url}`, { env });
    const dumb = await runInTerminal(`${input} | TERM=dumb oss_append ${url}`, { env });
    const piped = await runInTerminal(`${input} | oss_append ${url} 2>&1 | cat`, { env });

    expect(quiet.screen).toBe('');
    expect(dumb.screen).toMatch(/^Appended/);
    expect(piped.screen).toMatch(/^Appended/);
  });

  test('colours its name in error messages, unless NO_COLOR is set', async () => {
    const script = 'oss_append oss://no-such-bucket/key < /dev/null';

    const colored = await runInTerminal(script, { env });
    const plain = await runInTerminal(script, { env: { ...env, NO_COLOR: '1' } });

    expect(colored.screen).toContain('\u001b[31moss-append:\u001b[39m ');
    expect(plain.screen.split(clearLine).at(-1)).toMatch(/^oss-append: /);
  });

  test('reads from the terminal only if "-" is named', async () => {
    const url = 'oss://examplebucket/typed';

    const refused = await runInTerminal(`oss_append ${url}`, { env });
    const typed = await runInTerminal(`oss_append ${url} -`, {
      env,
      keys: (terminal) => terminal.stdin?.write('typed\n\u0004'),
    });

    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.screen).toContain('standard input is a terminal');
    expect(typed).toMatchObject({ exitCode: 0 });
    expect(String(await read('typed'))).toBe('typed\n');
  });
});
