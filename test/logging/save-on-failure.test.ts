import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { environmentOf, runCommand } from '../helpers/command-line.js';
import { runProgram } from '../helpers/run-program.js';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A program that logs to an object that cannot be appended to, and then runs `end`. */
function program(options: object, end: string): string {
  return `
    import open from 'oss-append-stream/pino';
    const log = await open({ bucket: 'examplebucket', key: 'app.log', ...${JSON.stringify(options)} });
    log.write('one\\n');
    log.write('two\\n');
    ${end}
  `;
}

async function run(source: string, env: Record<string, string>) {
  const failure = (error: { stderr: string; code: number }) => error;
  const { stderr, code = 0 } = await runProgram(source, env).then(
    (result) => ({ ...result, code: 0 }),
    failure,
  );
  return { stderr, code };
}

const ends: [string, string, number, RegExp][] = [
  ['process.exit()', 'process.exit(7);', 7, /\(the process exited\)/],
  ['an uncaught exception', "throw new Error('uncaught');", 1, /\(the process exited\)/],
  [
    'an end() that exceeds shutdownTimeout',
    'log.on("error", () => {}); log.end();',
    0,
    /\(Not everything could be committed within 300 ms of the end(: [^)]+)?\)/,
  ],
  ['destroy()', 'log.destroy();', 0, /\(the stream was destroyed\)/],
];

describe('uncommitted bytes', () => {
  test.each(ends)('are saved in a file after %s', async (_name, end, exitCode, why) => {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const fallback = join(await temporaryFolder(), 'rest of it');
    const source = program({ fallback, shutdownTimeout: 300 }, end);

    const { stderr, code } = await run(source, environmentOf(emulator));

    expect(code).toBe(exitCode);
    const [told, ...others] = stderr
      .split('\n')
      .filter((it) => it.startsWith('oss-append-stream:'));
    expect(others).toEqual([]);
    expect(told).toMatch(
      /^oss-append-stream: 8 bytes for oss:\/\/examplebucket\/app.log could not/,
    );
    expect(told).toMatch(why);
    expect(told).toContain(`saved to ${fallback}; to append them: oss-append replay '${fallback}'`);
    const [header = '', ...lines] = (await readFile(fallback, 'utf8')).split('\n');
    expect(JSON.parse(header)).toMatchObject({
      bucket: 'examplebucket',
      key: 'app.log',
      position: 0,
      byteLength: 8,
    });
    expect(lines).toEqual(['one', 'two', '']);
  });

  test('are saved with how the log goes on from object to object', async () => {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const fallback = join(await temporaryFolder(), 'rest');
    const how = { key: 'app.{seq}.log', rollover: { maxSize: 5_000_000 }, recordDelimiter: '\n' };

    await run(program({ ...how, fallback }, 'process.exit();'), environmentOf(emulator));

    const [header = ''] = (await readFile(fallback, 'utf8')).split('\n');
    expect(JSON.parse(header)).toMatchObject({
      key: 'app.000000.log',
      template: 'app.{seq}.log',
      rollover: { maxSize: 5_000_000 },
      recordDelimiter: '0a',
    });
  });

  test('are not saved with fallback: false', async () => {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const folder = await temporaryFolder();

    const source = program({ fallback: false }, `process.chdir('${folder}'); process.exit();`);
    const { stderr, code } = await run(source, environmentOf(emulator));

    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(await readdir(folder)).toEqual([]);
  });

  test('are saved in the working folder if no fallback is named', async () => {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const folder = await temporaryFolder();

    const source = program({}, `process.chdir('${folder}'); process.exit();`);
    await run(source, environmentOf(emulator));

    expect(await readdir(folder)).toEqual([expect.stringMatching(/^oss-append-.+\.uncommitted$/)]);
  });
});

test("uncommitted bytes are saved before an earlier 'exit' listener can end the process", async () => {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  emulator.faults.add({ kind: 'error-503', operation: 'append' });
  const fallback = join(await temporaryFolder(), 'rest');
  const deadly = "process.on('exit', () => process.kill(process.pid, 'SIGKILL'));";

  const { stderr } = await run(
    `${deadly}\n${program({ fallback }, 'process.exit();')}`,
    environmentOf(emulator),
  );

  expect(stderr).toContain(`saved to ${fallback}`);
  expect(await readFile(fallback, 'utf8')).toMatch(/\none\ntwo\n$/);
});

test('many streams that commit everything save nothing and print nothing at exit', async () => {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const folder = await temporaryFolder();

  const { stderr, code } = await run(
    `
      import { once } from 'node:events';
      import open from 'oss-append-stream/pino';
      process.chdir('${folder}');
      const logs = await Promise.all(
        Array.from({ length: 20 }, (_, index) => open({ bucket: 'examplebucket', key: 'k' + index })),
      );
      const listeners = process.listenerCount('exit');
      for (const log of logs) log.end('line\\n');
      await Promise.all(logs.map((log) => once(log, 'close')));
      if (process.listenerCount('exit') !== listeners - 1) throw new Error('it still listens');
    `,
    environmentOf(emulator),
  );

  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(await readdir(folder)).toEqual([]);
  expect(String(await emulator.read('examplebucket', 'k19'))).toBe('line\n');
});

describe('the bytes of a log whose client knows the bucket alone', () => {
  /** Logs to `key` through a client, and returns the notice and the file. */
  async function save(key: string) {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    const recover = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const fallback = join(await temporaryFolder(), 'rest');
    const env = environmentOf(emulator);
    const { stderr } = await run(
      `
        import { OssClient } from 'oss-append-stream';
        import open from 'oss-append-stream/pino';
        const client = new OssClient({ bucket: 'examplebucket' });
        const key = ${JSON.stringify(key)};
        const log = await open({ client, key, fallback: ${JSON.stringify(fallback)} });
        log.write('one\\n');
        process.exit();
      `,
      env,
    );
    recover();
    return { stderr, fallback, env, emulator };
  }

  test('are replayed by the command on standard error, once it names the bucket', async () => {
    const { stderr, fallback, env, emulator } = await save('my app.log');

    const command = `oss-append replay ${fallback} 'oss://BUCKET/my app.log'`;
    expect(stderr).toContain(`saved to ${fallback}; to append them: ${command}\n`);
    const named = ['replay', fallback, 'oss://examplebucket/my app.log'];
    const replayed = await runCommand(named, { env });
    const repeated = await runCommand(named, { env });

    expect([replayed, repeated]).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);
    expect(String(await emulator.read('examplebucket', 'my app.log'))).toBe('one\n');
  });

  test('have no command where the key cannot be printed', async () => {
    const { stderr, fallback } = await save('a\tb.log');

    expect(stderr).toMatch(new RegExp(`saved to ${fallback}\n$`));
  });
});
