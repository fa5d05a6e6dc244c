import {
  appendFileSync,
  copyFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Follow, type FollowContext } from '../../../src/cli/follow/follow.js';
import { SourcePump } from '../../../src/cli/run/source-pump.js';
import { loadCrc64 } from '../../../src/crc64.js';
import { ScriptedClient } from '../../append/scripted-client.js';
import { createFolder } from '../../helpers/folder.js';

const crc64 = await loadCrc64();

/** An object that gets what is appended to a file, while the test changes the file. */
async function start({
  object = '',
  content,
  rotated,
  prepare,
}: {
  object?: string;
  content?: string;
  rotated?: string;
  prepare?: (path: string) => void;
} = {}) {
  const folder = await createFolder();
  const path = join(folder, 'app.log');
  if (rotated !== undefined) writeFileSync(`${path}.1`, rotated);
  if (content !== undefined) writeFileSync(path, content);
  prepare?.(path);
  let appended = object;
  const destination = new Writable({
    highWaterMark: 1,
    write(bytes, _encoding, callback) {
      appended += String(bytes);
      callback();
    },
  });
  const told: string[] = [];
  const stream = {
    key: 'app.log',
    position: object.length,
    crc64: crc64(Buffer.from(object)),
  };
  const context = {
    stream,
    client: new ScriptedClient(object),
    request: {},
    tell: (message: string) => told.push(message),
    complain: (message: string) => told.push(message),
  } as unknown as FollowContext;
  const follow = new Follow({ path, before: [], pollInterval: 10 });
  const pump = new SourcePump(follow.sources(context), [destination]);
  const running = pump.run();
  onTestFinished(async () => {
    pump.stop();
    await follow.close();
  });
  return {
    path,
    told,
    pump,
    running,
    appended: () => appended,
    /** Resolves when the object has this content. */
    holds: (expected: string) => expect.poll(() => appended, { interval: 5 }).toBe(expected),
  };
}

/** Renames the files of a log, of which the newest is always `.1`, and begins a new one. */
function rotate(path: string, count: number, content: string): void {
  for (let number = count; number > 1; number--) {
    renameSync(`${path}.${number - 1}`, `${path}.${number}`);
  }
  renameSync(path, `${path}.1`);
  writeFileSync(path, content);
}

function setAge(path: string, seconds: number): void {
  const time = Date.now() / 1000 - seconds;
  utimesSync(path, time, time);
}

describe('a file that is followed', () => {
  test('is appended from where the object ends, as it grows', async () => {
    const { path, holds } = await start({ object: 'one', content: 'one two' });

    await holds('one two');
    appendFileSync(path, ' three');
    await holds('one two three');
  });

  test('need not exist yet', async () => {
    const { path, holds, told } = await start();
    await expect.poll(() => told).toEqual(['app.log does not exist yet.']);

    writeFileSync(path, 'one');

    await holds('one');
  });

  test('is finished after it was renamed, and then the new one is read', async () => {
    const { path, holds, told } = await start({ content: 'one ' });
    await holds('one ');

    renameSync(path, `${path}.1`);
    writeFileSync(path, '');
    appendFileSync(`${path}.1`, 'two ');
    await holds('one two ');
    writeFileSync(path, 'three');
    appendFileSync(`${path}.1`, 'late ');

    await holds('one two late three');
    expect(told).toEqual(['Going on with the next app.log.']);
  });

  test('is finished after it was deleted, and then the new one is read', async () => {
    const { path, holds } = await start({ content: 'one ' });
    await holds('one ');

    appendFileSync(path, 'two ');
    rmSync(path);
    writeFileSync(path, 'three');

    await holds('one two three');
  });

  test('is read from its beginning after it was truncated', async () => {
    const { path, holds, told } = await start({ content: 'one ' });
    await holds('one ');

    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    await expect.poll(() => told, { interval: 5 }).toHaveLength(1);
    appendFileSync(path, 'two');

    await holds('one two');
    expect(told[0]).toMatch(/^app.log was truncated after byte 4 was read: going on at its begin/);
  });

  test('is read from its beginning if it was truncated and is longer than before', async () => {
    const { path, holds, told } = await start({ content: 'one ' });
    await holds('one ');

    writeFileSync(path, 'two three');

    await holds('one two three');
    expect(told).toHaveLength(1);
  });

  test('is read from its beginning if it was truncated before anything was read', async () => {
    const { path, pump, holds, told } = await start({ object: 'one ', content: 'one ' });
    await expect.poll(() => pump.unread, { interval: 5 }).toEqual([{ name: path, start: 4 }]);

    writeFileSync(path, 'two three');

    await holds('one two three');
    expect(told).toHaveLength(1);
  });

  test('is read to its present end when it is to finish, and so is the one that replaced it', async () => {
    const { path, holds, pump, running, appended } = await start({ content: 'one ' });
    await holds('one ');
    appendFileSync(path, 'two ');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'three');

    pump.stopAfterCurrent();
    await running;

    expect(appended()).toBe('one two three');
  });

  test('is not waited for any longer when it is to finish before it exists', async () => {
    const { pump, running, appended } = await start();
    expect(pump.hasWriter).toBe(false);

    pump.stop();
    await running;

    expect(appended()).toBe('');
  });

  test('knows where its bytes are', async () => {
    const { holds, pump, path } = await start({ object: 'one', content: 'one two' });
    await holds('one two');

    const [range] = pump.rangesFrom(1);

    expect(range).toMatchObject({ name: path, start: 4, end: 7 });
    expect(range?.file).toBeDefined();
    expect(pump.unread).toEqual([{ name: path, start: 7 }]);
  });

  test('continues a rotated file, and then the ones after it', async () => {
    const { holds, told } = await start({ object: 'one', rotated: 'one two ', content: 'three' });

    await holds('one two three');
    expect(told).toEqual(['Going on with the next app.log.']);
  });

  test('is continued with all files that had the name between two looks', async () => {
    const { path, holds } = await start({ content: 'one ' });
    await holds('one ');

    rotate(path, 1, 'two ');
    rotate(path, 2, 'three ');
    rotate(path, 3, 'four');
    await holds('one two three four');
    rotate(path, 4, ' five');

    await holds('one two three four five');
  });

  test('is continued with a file that had the name between two looks, if it is deleted', async () => {
    const { path, holds } = await start({ content: 'one ', rotated: 'zero ' });
    await holds('one ');

    rmSync(`${path}.1`);
    rmSync(path);
    writeFileSync(path, 'two ');
    rotate(path, 1, 'three');

    await holds('one two three');
  });

  test('stops the pump at its end if it is unknown what comes after it', async () => {
    const { path, holds, running, appended } = await start({
      prepare: (file) => {
        writeFileSync(`${file}.2`, 'old');
        setAge(`${file}.2`, 1000);
        writeFileSync(file, 'one ');
        // Earlier than `.7`, which may be written within the same tick of the clock.
        setAge(file, 500);
      },
    });
    await holds('one ');

    writeFileSync(`${path}.7`, 'unpacked');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'two');

    await expect(running).rejects.toThrow(
      /^Cannot follow the file across rotation: it is unknown which of app\.log\.7 and app\.log\.1 was/,
    );
    expect(appended()).toBe('one ');
  });

  test('continues no file that only begins with its name', async () => {
    const { path, holds } = await start({
      object: 'one',
      rotated: 'one two ',
      content: 'three ',
      prepare: (file) => writeFileSync(`${file}.offset`, 'stranger '),
    });
    await holds('one two three ');

    writeFileSync(`${path}.lock`, 'stranger ');
    rotate(path, 2, 'four');

    await holds('one two three four');
  });

  test('continues a rotated file once that has two names', async () => {
    const { holds } = await start({
      object: 'one',
      rotated: 'one two ',
      content: 'three',
      prepare: (file) => symlinkSync('app.log.1', `${file}.2`),
    });

    await holds('one two three');
  });

  test('stops the pump if it is unknown which rotated files come after the end', async () => {
    const { running, appended } = await start({
      object: 'one',
      rotated: 'one two ',
      content: 'three',
      prepare: (file) => {
        writeFileSync(`${file}.2`, 'older, and touched');
        setAge(`${file}.1`, 1000);
        writeFileSync(`${file}.3`, 'oldest');
        setAge(`${file}.3`, 2000);
      },
    });

    await expect(running).rejects.toThrow(/it is unknown which of app\.log\.1 and app\.log\.2 was/);
    expect(appended()).toBe('one');
  });

  test('stops the pump with an error if the object has other bytes', async () => {
    const { running } = await start({ object: 'eno', content: 'one' });

    await expect(running).rejects.toThrow(/^Cannot follow app.log: the 3 bytes of the object/);
  });
});

test.each(['/dev/null', '/tmp'])('%s cannot be followed', (path) => {
  expect(() => new Follow({ path, before: [], pollInterval: 10 })).toThrow(
    `Cannot follow ${path}: it is not a regular file.`,
  );
});

test('files that come before must exist', () => {
  expect(() => new Follow({ path: 'none', before: ['no-file'], pollInterval: 10 })).toThrow(
    'Cannot follow no-file: it does not exist.',
  );
});
