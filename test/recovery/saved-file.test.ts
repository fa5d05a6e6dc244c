import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { assertFallback, saveUncommitted } from '../../src/recovery/saved-file.js';
import { builtProgram } from '../helpers/remote.js';

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oss-append-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const uncommitted = {
  ...{
    key: 'a.log',
    position: 7,
    bytes: Buffer.from('two\nlines\n'),
    confirmed: true,
    doubtful: 0,
  },
};

describe('a file of uncommitted bytes', () => {
  test('names the place of the bytes, and contains them unchanged', () => {
    const path = join(createFolder(), 'rest');

    expect(saveUncommitted(uncommitted, { bucket: 'logs' }, path)).toBe(path);

    expect(String(readFileSync(path))).toBe(
      '{"bucket":"logs","key":"a.log","position":7,"byteLength":10,"confirmed":true,"doubtful":0}\ntwo\nlines\n',
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('contains the number of doubtful bytes', () => {
    const folder = createFolder();
    const inDoubt = { ...uncommitted, confirmed: false, doubtful: 4 };

    const some = saveUncommitted(inDoubt, {}, join(folder, 'some'));

    expect(String(readFileSync(some))).toContain('"confirmed":false,"doubtful":4}\n');
  });

  test('contains neither bucket nor position if they are unknown', () => {
    const path = join(createFolder(), 'rest');

    saveUncommitted({ ...uncommitted, position: undefined }, { bucket: undefined }, path);

    expect(String(readFileSync(path))).toMatch(/^\{"key":"a.log","byteLength":10,/);
  });

  test.each([
    [
      'all options of rollover',
      {
        key: 'a-{seq}.log',
        rollover: { maxSize: 5_000_000, interval: 'day', timeZone: 'UTC' },
        conflict: 'rollover',
        recordDelimiter: Buffer.from([0xff, 0x0a]),
      },
      '"template":"a-{seq}.log","rollover":{"maxSize":5000000,"interval":"day","timeZone":"UTC"},"conflict":"rollover","recordDelimiter":"ff0a"',
    ],
    [
      'no defaults',
      { key: 'a.log', rollover: true, conflict: 'fail', recordDelimiter: false },
      '"template":"a.log","rollover":true',
    ],
    [
      'a delimiter that is a string',
      { key: 'a.log', rollover: true, recordDelimiter: '\n' },
      '"template":"a.log","rollover":true,"recordDelimiter":"0a"',
    ],
    ['no function', { key: () => 'a.log', rollover: true }, '"rollover":true'],
  ] as const)('says how its stream went on from object to object: %s', (_, options, fields) => {
    const path = saveUncommitted(uncommitted, { options }, join(createFolder(), 'rest'));

    expect(String(readFileSync(path))).toContain(`"doubtful":0,${fields}}\n`);
  });

  test('says nothing of that without rollover', () => {
    const options = { key: 'a.log', recordDelimiter: '\n' };
    const path = saveUncommitted(uncommitted, { options }, join(createFolder(), 'rest'));

    expect(String(readFileSync(path))).toContain('"doubtful":0}\n');
  });

  test('never overwrites another file', () => {
    const folder = createFolder();
    const path = join(folder, 'rest');
    writeFileSync(path, 'of last time');
    writeFileSync(`${path}.1`, 'of the time before');

    expect(saveUncommitted(uncommitted, {}, path)).toBe(`${path}.2`);

    expect(String(readFileSync(path))).toBe('of last time');
    expect(String(readFileSync(`${path}.1`))).toBe('of the time before');
  });

  test('is written to another folder if its own is not writable', () => {
    const folder = createFolder();
    writeFileSync(join(folder, 'file'), '');

    const path = saveUncommitted(uncommitted, {}, join(folder, 'file', 'rest'));
    onTestFinished(() => rmSync(path));

    expect(path).toMatch(/\/oss-append-\d+-\d+\.uncommitted$/);
    expect(String(readFileSync(path))).toMatch(/\}\ntwo\nlines\n$/);
  });

  test('can be written while the process exits, and deletes no other file if none can be opened', () => {
    const folder = createFolder();
    writeFileSync(join(folder, 'rest'), 'of last time');
    const module = pathToFileURL(builtProgram('src/recovery/saved-file')).href;
    const script = `
      import { openSync } from 'node:fs';
      import { saveUncommitted } from '${module}';
      const uncommitted = { key: 'k', position: 0, bytes: Buffer.from('x'), confirmed: true, doubtful: 0 };
      process.on('exit', () => {
        console.log(saveUncommitted(uncommitted, {}, 'last'));
        try { for (;;) openSync('/dev/null', 'r'); } catch {}
        try { saveUncommitted(uncommitted, {}, 'rest'); } catch { console.log('refused'); }
      });`;
    const command = 'ulimit -n 100 && exec "$0" --input-type=module --eval "$1"';

    const output = execFileSync('sh', ['-c', command, process.execPath, script], { cwd: folder });

    expect(String(output)).toBe(`${join(folder, 'last')}\nrefused\n`);
    expect(String(readFileSync(join(folder, 'last')))).toMatch(/\}\nx$/);
    expect(String(readFileSync(join(folder, 'rest')))).toBe('of last time');
  });
});

describe('the path of a file of uncommitted bytes', () => {
  test('may be any in a writable folder', () => {
    expect(() => assertFallback(join(createFolder(), 'rest'))).not.toThrow();
    expect(() => assertFallback('rest')).not.toThrow();
  });

  test.each([
    ['/no/such/folder/rest', 'Cannot keep bytes in "/no/such/folder/rest": ENOENT'],
    [dirname(tmpdir()), 'it is a folder'],
    ['', 'Cannot keep bytes in "": it is a folder'],
  ])('must not be %j', (path, message) => {
    expect(() => assertFallback(path)).toThrow(RangeError);
    expect(() => assertFallback(path)).toThrow(message);
  });

  test.each([[undefined], [7], [Buffer.from('rest')]])('must be a string, not %j', (path) => {
    expect(() => assertFallback(path)).toThrow(TypeError);
  });
});
