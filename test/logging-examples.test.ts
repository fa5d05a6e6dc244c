import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Emulator, startEmulator } from '../src/emulator/index.js';
import { environmentOf } from './helpers/command-line.js';
import { contentOf } from './helpers/content-of.js';
import { movableClock } from './helpers/movable-clock.js';
import { actDuringOutage } from './helpers/outage.js';
import { startProgram } from './helpers/start-program.js';
import { stopTwice } from './helpers/stop-twice.js';

async function start(): Promise<Emulator> {
  const emulator = await startEmulator({ buckets: ['logs'] });
  onTestFinished(() => emulator.close());
  return emulator;
}

/** Starts an example as it was built. */
function startExample(
  name: string,
  emulator: Emulator,
  args: string[] = [],
  env = {},
  options: { detached?: boolean } = {},
) {
  const path = fileURLToPath(new URL(`../build/examples/${name}.js`, import.meta.url));
  return startProgram(path, {
    args,
    env: { ...environmentOf(emulator), PORT: '0', ...env },
    ...options,
  });
}

async function linesOf(emulator: Emulator, key: string): Promise<string[]> {
  const content = await contentOf(emulator, key);
  expect(content.endsWith('\n')).toBe(true);
  return content.trimEnd().split('\n');
}

/** What pino wrote: level and message of each line. */
async function messagesOf(emulator: Emulator, key: string): Promise<[number, string][]> {
  const lines = await linesOf(emulator, key);
  return lines.map((line) => JSON.parse(line)).map(({ level, msg }) => [level, msg]);
}

/** The port in what a server says at its start. */
function portIn(greeting: string): number {
  const port = /port: (\d+)|:(\d+)/.exec(greeting);
  return Number(port?.[1] ?? port?.[2]);
}

describe('child-output', () => {
  const fifty = 'for (let n = 1; n <= 50; n++) console.log(n); process.exitCode = 7;';

  test('appends what the other program prints, and ends with its status', async () => {
    const emulator = await start();

    const args = ['logs', 'child.log', process.execPath, '-e', fifty];
    const { exitCode, stderr } = await startExample('child-output', emulator, args).result;

    expect({ exitCode, stderr }).toEqual({ exitCode: 7, stderr: '' });
    expect(await linesOf(emulator, 'child.log')).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index + 1}`),
    );
  });

  test('passes a signal on and appends the last words', async () => {
    const emulator = await start();
    const lastWords =
      "console.log('ready'); setInterval(() => {}, 1000); " +
      "process.on('SIGTERM', () => { console.log('last words'); process.exit(3); })";

    const args = ['logs', 'child.log', process.execPath, '-e', lastWords];
    const program = startExample('child-output', emulator, args);
    await expect.poll(() => emulator.requests.length).toBeGreaterThan(1);
    program.process.kill('SIGTERM');
    const { exitCode } = await program.result;

    expect(exitCode).toBe(3);
    expect(await linesOf(emulator, 'child.log')).toEqual(['ready', 'last words']);
  });

  test('passes a signal to its group on once', async () => {
    const emulator = await start();
    const counter =
      "console.log('ready'); setInterval(() => {}, 1000); " +
      "process.on('SIGTERM', () => { console.log('told'); setTimeout(() => process.exit(), 300); })";
    const args = ['logs', 'child.log', process.execPath, '-e', counter];
    const program = startExample('child-output', emulator, args, {}, { detached: true });
    await expect.poll(() => emulator.requests.length).toBeGreaterThan(1);

    process.kill(-(program.process.pid as number), 'SIGTERM');
    await program.result;

    expect(await linesOf(emulator, 'child.log')).toEqual(['ready', 'told']);
  });

  test('reports a program that was killed as a shell does', async () => {
    const emulator = await start();

    const kill = "console.log('here'); process.kill(process.pid, 'SIGKILL')";
    const args = ['logs', 'child.log', process.execPath, '-e', kill];
    const { exitCode } = await startExample('child-output', emulator, args).result;

    expect(exitCode).toBe(137);
    expect(await linesOf(emulator, 'child.log')).toEqual(['here']);
  });
});

describe('kubernetes-shutdown', () => {
  const fetchFrom = async (port: number, path: string) =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).text();

  test('commits the line of every request before it exits', async () => {
    const emulator = await start();
    const program = startExample('kubernetes-shutdown', emulator);
    const port = portIn(await program.greeting);
    const paths = Array.from({ length: 20 }, (_, index) => `/page-${index}`);
    for (const path of paths) await fetchFrom(port, path);

    await actDuringOutage(emulator, () => stopTwice(program.process));
    const { exitCode, stderr } = await program.result;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = await linesOf(emulator, 'requests.log');
    expect(lines.map((line) => line.split(' ')[3])).toEqual(paths);
  });

  test('shares its object with its successor in a rolling update, every line of both whole', async () => {
    const emulator = await start();
    const content = () => contentOf(emulator, 'requests.log');
    const paths: string[] = [];
    const send = async (port: number, pod: string) => {
      for (let n = 0; n < 10; n++) {
        const path = `/${pod}/${paths.length}`;
        paths.push(path);
        await fetchFrom(port, path);
      }
    };
    const committed = () => expect.poll(content).toContain(` ${paths.at(-1)}\n`);
    const old = startExample('kubernetes-shutdown', emulator);
    const oldPort = portIn(await old.greeting);
    await send(oldPort, 'old');
    await committed();
    const young = startExample('kubernetes-shutdown', emulator);
    const youngPort = portIn(await young.greeting);
    await send(youngPort, 'young');
    await committed();
    await send(oldPort, 'old');
    stopTwice(old.process);
    await send(youngPort, 'young');
    await old.result;
    await send(youngPort, 'young');
    young.process.kill('SIGTERM');

    const results = [await old.result, await young.result];
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    for (const { stderr } of results) {
      expect(stderr).toMatch(/^(oss-append-stream: another process appends to [^\n]+\n)?$/);
    }
    const found = (await linesOf(emulator, 'requests.log')).map((line) => line.split(' ')[3]);
    expect([...found].sort()).toEqual([...paths].sort());
    for (const pod of ['/old/', '/young/']) {
      const of = (path = '') => path.startsWith(pod);
      expect(found.filter(of)).toEqual(paths.filter(of));
    }
  });

  test('prints the lines that it could not commit in time', async () => {
    const emulator = await start();
    emulator.faults.add({ kind: 'stall', operation: 'append', nth: 1, times: 100 });
    const env = { SHUTDOWN_TIMEOUT: '300' };
    const program = startExample('kubernetes-shutdown', emulator, [], env);
    const port = portIn(await program.greeting);
    await fetchFrom(port, '/only');

    program.process.kill('SIGTERM');
    const { exitCode, stderr } = await program.result;

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^The shutdown took too long\n\S+ \S+ GET \/only\n$/);
  });
});

describe('pino-main-thread', () => {
  test('commits every line before it exits', async () => {
    const emulator = await start();
    emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });

    const { exitCode, stderr } = await startExample('pino-main-thread', emulator).result;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(await messagesOf(emulator, 'app.log')).toEqual([
      [30, 'working'],
      [30, 'done'],
    ]);
  });

  test('commits what it has when it is told to stop', async () => {
    const emulator = await start();
    const program = startExample('pino-main-thread', emulator);

    await actDuringOutage(emulator, () => stopTwice(program.process));
    const { exitCode } = await program.result;

    expect(exitCode).toBe(143);
    expect((await messagesOf(emulator, 'app.log'))[0]).toEqual([30, 'working']);
  });
});

describe('pino-worker', () => {
  test('commits every line before process.exit() ends it', async () => {
    const emulator = await start();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 500 });

    const { exitCode, stderr } = await startExample('pino-worker', emulator).result;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = await linesOf(emulator, 'app.log');
    expect(lines.map((line) => JSON.parse(line).n)).toEqual(numbersUpTo(1000));
  });
});

describe('winston-exceptions', () => {
  test('commits every line, and last the exception, before it exits', async () => {
    const emulator = await start();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 500 });

    const { exitCode } = await startExample('winston-exceptions', emulator).result;

    expect(exitCode).toBe(1);
    const lines = await linesOf(emulator, 'app.log');
    const infos = lines.map((line) => JSON.parse(line));
    const last = infos.pop();
    expect(infos.map(({ n }) => n)).toEqual(numbersUpTo(1000));
    expect(last).toMatchObject({ level: 'error', exception: true });
    expect(last.message).toContain('Nobody catches this');
  });
});

describe('fastify-access-log', () => {
  test('has a line for each request and each answer when the server has stopped', async () => {
    const emulator = await start();
    const program = startExample('fastify-access-log', emulator);
    const address = (await program.greeting).trim();
    for (let n = 0; n < 3; n++) await (await fetch(`${address}/?n=${n}`)).text();
    await (await fetch(`${address}/nowhere`)).text();

    await actDuringOutage(emulator, () => stopTwice(program.process));
    const { exitCode, stderr } = await program.result;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const entries = (await linesOf(emulator, 'access.log')).map((line) => JSON.parse(line));
    const requests = entries.filter(({ msg }) => msg === 'incoming request');
    expect(requests.map(({ req }) => req.url)).toEqual(['/?n=0', '/?n=1', '/?n=2', '/nowhere']);
    const answers = entries.filter(({ msg }) => msg === 'request completed');
    expect(answers.map(({ res }) => res.statusCode)).toEqual([200, 200, 200, 404]);
  });
});

describe('prometheus', () => {
  test('tells what is not committed, and how often OSS failed', async () => {
    const emulator = await start();
    const recover = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const program = startExample('prometheus', emulator);
    const address = `http://127.0.0.1:${portIn(await program.greeting)}`;
    const scrape = async () => (await fetch(`${address}/metrics`)).text();
    const valueIn = (metrics: string, name: string) =>
      Number(new RegExp(`^${name} (.+)$`, 'm').exec(metrics)?.[1]);

    await scrape();
    await expect.poll(async () => valueIn(await scrape(), 'log_retries')).toBeGreaterThan(0);
    const metrics = await scrape();
    expect(valueIn(metrics, 'log_uncommitted_bytes')).toBeGreaterThan(100);
    expect(valueIn(metrics, 'log_dropped_lines')).toBe(0);
    expect(valueIn(metrics, 'log_commit_age_seconds')).toBeGreaterThan(0);
    recover();
    program.process.kill('SIGTERM');
    const { exitCode, stderr } = await program.result;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const messages = await messagesOf(emulator, 'app.log');
    expect(messages.length).toBeGreaterThan(2);
    expect(new Set(messages.map(([, message]) => message))).toEqual(new Set(['request']));
  });
});

describe('log-per-day', () => {
  test('seals the object of one day, and goes on with that of the next', async () => {
    const emulator = await start();
    const program = startExample('log-per-day', emulator, ['logs'], movableClock);

    await expect.poll(() => keysOf(emulator).length).toBe(1);
    program.process.kill('SIGUSR2');
    await expect.poll(() => keysOf(emulator).length).toBe(2);
    await actDuringOutage(emulator, () => stopTwice(program.process));
    const { exitCode, stdout, stderr } = await program.result;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const [first = '', second = ''] = keysOf(emulator);
    const { length } = await emulator.read('logs', first);
    expect(stdout).toBe(`${first} has ${length} bytes; next is ${second} (interval)\n`);
    for (const key of [first, second]) {
      for (const line of await linesOf(emulator, key)) expect(line).toMatch(/^\S+Z working$/);
    }
    const sealed = emulator.requests.filter(
      ({ operation, status }) => operation === 'seal' && status === 200,
    );
    expect(sealed.map(({ key }) => key)).toEqual([first, second]);
  });

  test('goes on with the object of the day after it was killed', async () => {
    const emulator = await start();
    const killed = startExample('log-per-day', emulator, ['logs']);
    await expect.poll(() => keysOf(emulator).length).toBe(1);
    killed.process.kill('SIGKILL');
    await killed.result;
    const before = (await linesOf(emulator, keysOf(emulator)[0] ?? '')).length;
    const appends = appendsOf(emulator).length;

    const program = startExample('log-per-day', emulator, ['logs']);
    await expect.poll(() => appendsOf(emulator).length).toBeGreaterThan(appends);
    await actDuringOutage(emulator, () => stopTwice(program.process));
    const { exitCode } = await program.result;

    expect(exitCode).toBe(0);
    expect(keysOf(emulator)).toHaveLength(1);
    const after = await linesOf(emulator, keysOf(emulator)[0] ?? '');
    expect(after.length).toBeGreaterThan(before);
  });
});

describe('log-per-process', () => {
  test('has every request once, in the object of the worker that answered it', async () => {
    const emulator = await start();
    const program = startExample('log-per-process', emulator, ['logs', '2']);
    let said = '';
    program.process.stdout?.on('data', (text) => {
      said += text;
    });
    await expect.poll(() => said.match(/port: /g)).toHaveLength(2);
    const port = portIn(said);
    const paths = Array.from({ length: 20 }, (_, index) => `/page-${index}`);
    const headers = { connection: 'close' };
    for (const path of paths) {
      await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
    }

    await actDuringOutage(emulator, () => stopTwice(program.process));
    const { exitCode, stderr } = await program.result;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const found: string[] = [];
    for (const key of keysOf(emulator)) {
      const [, pid] = /-(\d+)-000000\.log$/.exec(key) ?? [];
      for (const line of await linesOf(emulator, key)) {
        expect(line.split(' ')[0]).toBe(pid);
        found.push(line.split(' ')[2] ?? '');
      }
    }
    expect(keysOf(emulator)).toHaveLength(2);
    expect(found.toSorted()).toEqual(paths.toSorted());
  });
});

function appendsOf(emulator: Emulator): Emulator['requests'] {
  return emulator.requests.filter(
    ({ operation, status }) => operation === 'append' && status === 200,
  );
}

/** Keys of the objects that were appended to, in order. */
function keysOf(emulator: Emulator): string[] {
  return [...new Set(appendsOf(emulator).map(({ key }) => key ?? ''))];
}

function numbersUpTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
