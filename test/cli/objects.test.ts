import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { appendAt, send } from '../emulator/signed-request.js';
import { runCommand, startCommand } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';

const { emulator, env } = await startEmulatorForFile();

await appendAt(emulator, 'digits', 0, '123456789');

const digits = 'oss://examplebucket/digits';

describe('stat', () => {
  test('shows length, type, position and checksum', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['stat', digits], { env });

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(
      /^object {9}oss:\/\/examplebucket\/digits\nlength {9}9 bytes\ntype {11}Appendable\nnext position {2}9\nCRC-64 {9}11051210869376104954\nETag {11}.+\n$/,
    );
  });

  test('prints the same as one line of JSON with --json', async () => {
    const { stdout } = await runCommand(['stat', '--json', digits], { env });

    expect(JSON.parse(stdout)).toEqual({
      url: digits,
      bucket: 'examplebucket',
      key: 'digits',
      length: 9,
      position: 9,
      objectType: 'Appendable',
      appendable: true,
      sealed: false,
      crc64: '11051210869376104954',
      etag: expect.any(String),
    });
  });

  test('shows no position for an object that cannot be appended to', async () => {
    await send(emulator, {
      method: 'PUT',
      key: 'normal',
      body: 'x',
      headers: { 'content-length': '1' },
    });

    const { stdout } = await runCommand(['stat', 'oss://examplebucket/normal'], { env });

    expect(stdout).toContain(
      'type           Normal\nnext position  none: it cannot be appended to\n',
    );
  });

  test('accepts connection flags before the name of the command', async () => {
    const args = ['--endpoint', emulator.endpoint, '--region', emulator.region, 'stat', digits];

    expect(
      await runCommand(args, { env: { ...env, OSS_ENDPOINT: '', OSS_REGION: '' } }),
    ).toMatchObject({
      exitCode: 0,
    });
  });

  test('retries when the answer is lost', async () => {
    onTestFinished(emulator.faults.add({ kind: 'drop-answer', operation: 'head', nth: 1 }));

    expect(await runCommand(['stat', digits], { env })).toMatchObject({ exitCode: 0 });
  });
});

describe.each(['stat', 'cat', 'seal'])('%s', (command) => {
  test('exits with 1 if the object, and with 3 if the bucket does not exist', async () => {
    const missing = await runCommand([command, 'oss://examplebucket/missing'], { env });
    const nowhere = await runCommand([command, 'oss://no-such-bucket/missing'], { env });

    expect(missing).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'oss-append: The object oss://examplebucket/missing does not exist.\n',
    });
    expect(nowhere).toMatchObject({ exitCode: 3, stdout: '' });
    expect(nowhere.stderr).toMatch(/^oss-append: .+NoSuchBucket.+\n$/);
  });

  test('exits with 1 if OSS is unavailable for too long', async () => {
    onTestFinished(emulator.faults.add({ kind: 'error-503', operation: 'head' }));

    const { exitCode, stderr } = await runCommand([command, digits], { env });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^oss-append: .+ OSS answered 503.+\n$/);
  });
});

describe('cat', () => {
  test('writes the object, or a range of it', async () => {
    const whole = await runCommand(['cat', digits], { env });
    const part = await runCommand(['cat', '--start', '2', '--end', '5', digits], { env });
    const beyond = await runCommand(['cat', '--start', '7', '--end', '100', digits], { env });
    const nothing = await runCommand(['cat', '--start', '100', digits], { env });

    expect(whole).toEqual({ exitCode: 0, stdout: '123456789', stderr: '' });
    expect([part.stdout, beyond.stdout, nothing.stdout]).toEqual(['345', '89', '']);
  });

  test('resumes where a connection broke', async () => {
    await appendAt(emulator, 'long', 0, randomBytes(500_000).toString('hex'));
    onTestFinished(emulator.faults.add({ kind: 'cut-answer', operation: 'get', nth: 1, times: 3 }));

    const { exitCode, stdout } = await runCommand(['cat', 'oss://examplebucket/long'], { env });

    expect(exitCode).toBe(0);
    expect(stdout).toBe(String(await emulator.read('examplebucket', 'long')));
  });

  test('exits silently with the code of SIGPIPE when its reader closes the pipe', async () => {
    await appendAt(emulator, 'much', 0, Buffer.alloc(3_000_000));
    const child = startCommand(['cat', 'oss://examplebucket/much'], { env });
    let errors = '';
    child.stderr?.on('data', (text) => {
      errors += text;
    });
    child.stdout?.once('data', () => child.stdout?.destroy());

    const [exitCode] = await once(child, 'close');

    expect({ exitCode, errors }).toEqual({ exitCode: 141, errors: '' });
  });

  test('exits with 1 if the checksum of the output differs from that of the object', async () => {
    const server = await startCorruptServer('123456780', '11051210869376104954');
    const { port } = server.address() as { port: number };

    const { exitCode, stderr } = await runCommand(['cat', digits], {
      env: { ...env, OSS_ENDPOINT: `http://127.0.0.1:${port}` },
    });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/CRC-64 is \d+ instead of 11051210869376104954/);
  });
});

/** Starts a server whose checksum does not fit its content. */
async function startCorruptServer(content: string, crc64: string): Promise<Server> {
  const server = createServer(({ method }, response) => {
    response.writeHead(method === 'GET' ? 206 : 200, {
      'content-length': content.length,
      'content-range': `bytes 0-${content.length - 1}/${content.length}`,
      'x-oss-object-type': 'Appendable',
      'x-oss-next-append-position': content.length,
      'x-oss-hash-crc64ecma': crc64,
      'x-oss-request-id': 'X',
    });
    response.end(method === 'GET' ? content : undefined);
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return server;
}

describe('seal', () => {
  test('makes an object refuse appends', async () => {
    const url = 'oss://examplebucket/sealed';
    await appendAt(emulator, 'sealed', 0, 'the end');

    const sealed = await runCommand(['seal', url], { env });
    const appended = await runCommand([url], { env, input: '?' });
    const { stdout } = await runCommand(['stat', url], { env });

    expect(sealed).toEqual({ exitCode: 0, stdout: '', stderr: `Sealed ${url} at 7 bytes.\n` });
    expect(appended).toMatchObject({ exitCode: 1 });
    expect(appended.stderr).toMatch(/^oss-append: .+ sealed.+ Nothing was read or committed\.\n$/);
    expect(stdout).toContain('Appendable, sealed');
  });

  test('does not seal an object whose length is not --position', async () => {
    const { exitCode, stderr } = await runCommand(['seal', '--position', '8', digits], { env });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^oss-append: .+\n$/);
    expect((await runCommand(['stat', digits], { env })).stdout).not.toContain('sealed');
  });

  test('prints the result as one line of JSON with --json', async () => {
    const url = 'oss://examplebucket/sealed-json';
    await appendAt(emulator, 'sealed-json', 0, 'x');

    const { stdout, stderr } = await runCommand(['seal', '--json', url], { env });

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      url,
      bucket: 'examplebucket',
      key: 'sealed-json',
      position: 1,
      sealed: true,
    });
  });
});
