import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import {
  AppendWritable,
  type AppendWritableOptions,
  OssClient,
  type RolloverEvent,
} from '../../src/index.js';
import { ScriptedStore } from '../append/scripted-store.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { objectsIn } from '../helpers/objects-in.js';
import { connectionTo } from '../helpers/open-stream.js';
import { answer, refuse, startScriptedServer } from '../oss/scripted-server.js';

const crc64 = await loadCrc64();
const { emulator } = await startEmulatorForFile();
let folders = 0;

/** A folder that no other test of the file uses. */
const newFolder = () => `test-${++folders}`;

function open(folder: string, options: Partial<AppendWritableOptions> = {}) {
  const key = typeof options.key === 'string' ? `${folder}/${options.key}` : `${folder}/app.log`;
  const stream = new AppendWritable({
    ...connectionTo(emulator),
    chunkSize: 50,
    highWaterMark: 1000,
    flushInterval: 0,
    ...options,
    key: typeof options.key === 'function' ? options.key : key,
  });
  const rollovers: RolloverEvent[] = [];
  const log: string[] = [];
  stream.on('rollover', (event) => {
    rollovers.push(event);
    log.push(`rollover to ${event.to.key.slice(folder.length + 1)}: ${event.reason}`);
  });
  stream.on('seal', ({ key, position }) =>
    log.push(`seal ${key.slice(folder.length + 1)} at ${position}`),
  );
  const isOpen = new Promise((resolve) => stream.once('ready', resolve));
  return { stream, rollovers, log, isOpen };
}

const write = (stream: AppendWritable, text: string) =>
  new Promise((resolve, reject) =>
    stream.write(text, (error) => (error ? reject(error) : resolve(undefined))),
  );

describe('rollover by size', () => {
  test('ends an object before the write that would make it too long', async () => {
    const folder = newFolder();
    const { stream, rollovers, isOpen } = open(folder, { rollover: { maxSize: 100 } });
    await isOpen;
    for (const letter of 'abcde') stream.write(letter.repeat(40));
    stream.end();
    await finished(stream);

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'a'.repeat(40) + 'b'.repeat(40),
      'app.1.log': 'c'.repeat(40) + 'd'.repeat(40),
      'app.2.log': 'e'.repeat(40),
    });
    expect(rollovers).toEqual([
      {
        from: { key: `${folder}/app.log`, position: 80 },
        to: { key: `${folder}/app.1.log` },
        reason: 'size',
      },
      {
        from: { key: `${folder}/app.1.log`, position: 80 },
        to: { key: `${folder}/app.2.log` },
        reason: 'size',
      },
    ]);
    expect(stream.stats.rollovers).toBe(2);
    expect(stream).toMatchObject({ key: `${folder}/app.2.log`, position: 40, bytesWritten: 200 });
  });

  test('fills an object to its last byte, and no further', async () => {
    const folder = newFolder();
    const { stream, isOpen } = open(folder, { rollover: { maxSize: 100 } });
    await isOpen;
    for (const letter of 'abcd') stream.write(letter.repeat(50));
    stream.end();
    await finished(stream);

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'a'.repeat(50) + 'b'.repeat(50),
      'app.1.log': 'c'.repeat(50) + 'd'.repeat(50),
    });
  });

  test('gives a write that is longer than an object one of its own', async () => {
    const folder = newFolder();
    const { stream, isOpen } = open(folder, { rollover: { maxSize: 100 } });
    await isOpen;
    for (const [letter, length] of [
      ['a', 10],
      ['b', 330],
      ['c', 10],
    ] as const) {
      await write(stream, letter.repeat(length));
    }
    stream.end();
    await finished(stream);

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'a'.repeat(10),
      'app.1.log': 'b'.repeat(330),
      'app.2.log': 'c'.repeat(10),
    });
  });

  test('divides a write between two records', async () => {
    const folder = newFolder();
    const { stream, isOpen } = open(folder, { rollover: { maxSize: 100 }, recordDelimiter: '\n' });
    await isOpen;
    const lines = [...'abcdefg'].map((letter) => `${letter.repeat(29)}\n`);
    stream.write(lines.join('').slice(0, 45));
    stream.write(lines.join('').slice(45));
    stream.end();
    await finished(stream);

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': lines.slice(0, 3).join(''),
      'app.1.log': lines.slice(3, 6).join(''),
      'app.2.log': lines.slice(6).join(''),
    });
  });

  test('does not divide the data of append() when more follows in its last record', async () => {
    const folder = newFolder();
    const { stream, isOpen } = open(folder, { rollover: { maxSize: 100 }, recordDelimiter: '\n' });
    await isOpen;
    const placed = stream.append(`${'a'.repeat(79)}\n${'b'.repeat(10)}`);
    const next = stream.append('');
    void stream.append('c');
    stream.write(`${'d'.repeat(20)}\ne\n`);
    stream.end();
    await finished(stream);

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': `${'a'.repeat(79)}\n${'b'.repeat(10)}c${'d'.repeat(20)}\n`,
      'app.1.log': 'e\n',
    });
    expect(await placed).toEqual({ key: `${folder}/app.log`, start: 0, end: 90 });
    expect(await next).toEqual({ key: `${folder}/app.log`, start: 90, end: 90 });
  });

  test('ends before a record that the data of append() makes too long', async () => {
    const folder = newFolder();
    const { stream, isOpen } = open(folder, { rollover: { maxSize: 100 }, recordDelimiter: '\n' });
    await isOpen;
    stream.write(`${'0123456789\n'.repeat(5)}begun `);
    const placed = stream.append(`${'and finished'.repeat(5)}\n`);
    stream.end();
    await finished(stream);

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': '0123456789\n'.repeat(5),
      'app.1.log': `begun ${'and finished'.repeat(5)}\n`,
    });
    expect(await placed).toEqual({ key: `${folder}/app.1.log`, start: 6, end: 67 });
  });

  test('does not divide the data of append(), and names the object that it is in', async () => {
    const folder = newFolder();
    const { stream, isOpen } = open(folder, { rollover: { maxSize: 100 }, recordDelimiter: '\n' });
    await isOpen;
    stream.write('0123456789\n'.repeat(5));
    const placed = stream.append('0123456789\n'.repeat(6));
    const next = stream.append('next\n');
    stream.end();
    await finished(stream);

    expect(await placed).toEqual({ key: `${folder}/app.1.log`, start: 0, end: 66 });
    expect(await next).toEqual({ key: `${folder}/app.1.log`, start: 66, end: 71 });
  });

  test('does not divide the data of append() when a later write makes the object too long', async () => {
    const folder = newFolder();
    const { stream, isOpen } = open(folder, { rollover: { maxSize: 100 }, recordDelimiter: '\n' });
    await isOpen;
    stream.write('first\n');
    const placed = stream.append('one\ntwo');
    stream.write(`${'x'.repeat(100)}\nlast\n`);
    stream.end();
    await finished(stream);

    expect(await placed).toEqual({ key: `${folder}/app.log`, start: 6, end: 13 });
    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': `first\none\ntwo${'x'.repeat(100)}\n`,
      'app.1.log': 'last\n',
    });
  });

  test('counts what was in the object before, when it starts again', async () => {
    const folder = newFolder();
    for (const letter of 'abc') {
      const { stream, isOpen } = open(folder, { rollover: { maxSize: 100 } });
      await isOpen;
      stream.end(letter.repeat(40));
      await finished(stream);
    }

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'a'.repeat(40) + 'b'.repeat(40),
      'app.1.log': 'c'.repeat(40),
    });
  });

  test('asks for nothing where one object ends and the next begins', async () => {
    const store = new ScriptedStore();
    const rollover = { maxSize: 100 };
    const stream = new AppendWritable({ client: store, key: 'a.log', chunkSize: 50, rollover });
    for (let unit = 0; unit < 5; unit++) await stream.append('x'.repeat(50));
    stream.end();
    await finished(stream);

    expect(store.calls).toEqual([
      'head a.log',
      'append a.log 0+50',
      'append a.log 50+50',
      'append a.1.log 0+50',
      'append a.1.log 50+50',
      'append a.2.log 0+50',
    ]);
  });

  test('creates no object for nothing', async () => {
    const folder = newFolder();
    const { stream } = open(folder, { rollover: true });
    stream.end();
    await finished(stream);

    expect(await objectsIn(emulator, folder)).toEqual({});
  });

  test('seals each object that it is through with, before it goes on', async () => {
    const folder = newFolder();
    const { stream, log, isOpen } = open(folder, { rollover: { maxSize: 100 }, seal: true });
    await isOpen;
    for (const letter of 'abc') stream.write(letter.repeat(60));
    stream.end();
    await finished(stream);

    expect(log).toEqual([
      'seal app.log at 60',
      'rollover to app.1.log: size',
      'seal app.1.log at 60',
      'rollover to app.2.log: size',
      'seal app.2.log at 60',
    ]);
  });
});

describe('rollover because an object takes no more', () => {
  test('goes on with the next object when somebody seals it', async () => {
    const folder = newFolder();
    const { stream, log } = open(folder, { rollover: true });
    await write(stream, 'before');
    await new OssClient(connectionTo(emulator)).sealAppendObject(`${folder}/app.log`, 6);
    await write(stream, 'after');
    stream.end();
    await finished(stream);

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'before',
      'app.1.log': 'after',
    });
    expect(log).toEqual(['rollover to app.1.log: sealed']);
  });

  test('starts behind an object that is sealed', async () => {
    const folder = newFolder();
    for (const text of ['one', 'two']) {
      const { stream } = open(folder, { rollover: true, seal: true });
      stream.end(text);
      await finished(stream);
    }

    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'one', 'app.1.log': 'two' });
  });

  test('goes on when the store says that the object is full, sooner than OSS does', async () => {
    const length = 5e9;
    await using server = await startScriptedServer(
      answer(200, {
        'x-oss-object-type': 'Appendable',
        'x-oss-next-append-position': String(length),
        'content-length': String(length),
        'x-oss-hash-crc64ecma': '17',
      }),
      answer(404),
      refuse(400, 'EntityTooLarge'),
      answer(200, {
        'x-oss-next-append-position': '4',
        'x-oss-hash-crc64ecma': String(crc64(Buffer.from('more'))),
      }),
    );
    const { bucket, region, credentials } = connectionTo(emulator);
    const stream = new AppendWritable({
      ...{ bucket, region, credentials, endpoint: server.endpoint },
      ...{ key: 'app.log', rollover: true },
    });
    const rolled = once(stream, 'rollover');
    stream.end('more');
    await finished(stream);

    const [event] = await rolled;
    expect(event).toEqual({
      from: { key: 'app.log', position: length },
      to: { key: 'app.1.log' },
      reason: 'full',
    });
    const appends = server.requests.filter(({ method }) => method === 'POST');
    expect(appends.map(({ url, body }) => [url, String(body)])).toEqual([
      [expect.stringMatching(/app\.log\?append&position=5000000000$/), 'more'],
      [expect.stringMatching(/app\.1\.log\?append&position=0$/), 'more'],
    ]);
  });

  test('starts at the last object where HEAD is forbidden, and creates none to find it', async () => {
    const folder = newFolder();
    const before = open(folder, { chunkSize: 4, rollover: { maxSize: 4 } });
    for (const text of ['1234', '5678', '90']) await write(before.stream, text);
    before.stream.end();
    await finished(before.stream);
    const allow = emulator.faults.add({ kind: 'forbid', operation: 'head' });
    const { stream } = open(folder, { chunkSize: 4, rollover: { maxSize: 4 } });
    await write(stream, 'ab');
    await write(stream, 'cd');
    stream.end();
    await finished(stream);
    allow();

    expect(await objectsIn(emulator, folder)).toEqual({
      ...{ 'app.log': '1234', 'app.1.log': '5678', 'app.2.log': '90ab', 'app.3.log': 'cd' },
    });
  });

  test('hands everything back when a function for keys destroys the stream', async () => {
    const folder = newFolder();
    const key = ({ sequence }: { readonly sequence: number }) => {
      if (sequence === 2) stream.destroy();
      return `${folder}/${sequence}.log`;
    };
    const { stream } = open(folder, { key, chunkSize: 4, rollover: { maxSize: 4 } });
    await write(stream, '1234');
    await write(stream, '5678');
    stream.cork();
    stream.write('9012');
    stream.write('3456');
    stream.uncork();
    await once(stream, 'close');

    expect(stream.errored).toBeNull();
    expect(String(stream.takeUncommitted()?.bytes)).toBe('90123456');
  });

  test('gives six streams that start together an object each', async () => {
    const folder = newFolder();
    const opened = Array.from({ length: 6 }, () => open(folder, { rollover: true }));
    await Promise.all(opened.map(({ isOpen }) => isOpen));
    const ends = opened.map(({ stream }, index) => {
      stream.end(`stream ${index}`);
      return finished(stream);
    });
    await Promise.all(ends);

    const found = await objectsIn(emulator, folder);
    expect(Object.values(found).sort()).toEqual([...'012345'].map((index) => `stream ${index}`));
  });

  test.each([
    { conflict: 'fail', outcome: 'APPEND_ERR_DIVERGED', later: {} },
    { conflict: 'rollover', outcome: 'committed', later: { 'app.1.log': 'more' } },
  ] as const)('ends with a conflict after a commit as $conflict says', async (row) => {
    const folder = newFolder();
    const { stream } = open(folder, { rollover: true, conflict: row.conflict });
    stream.on('error', () => {});
    await write(stream, 'ours');
    const stranger = new OssClient(connectionTo(emulator));
    await stranger.appendObject(`${folder}/app.log`, 4, Buffer.from('theirs'));
    const outcome = write(stream, 'more').then(
      () => 'committed',
      ({ code }) => code,
    );

    expect(await outcome).toBe(row.outcome);
    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'ourstheirs', ...row.later });
    stream.destroy();
  });
});
