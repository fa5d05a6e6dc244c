import * as nodeFs from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memfs } from 'memfs';
import { expect } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.js';
import { append, send } from '../emulator/signed-request.js';

/** How an emulator is started: where it stores objects, and whether it checks signatures. */
export interface Way {
  readonly way: string;
  readonly storage: 'folder' | 'memory';
  readonly checksSignatures: boolean;
}

export const ways: readonly Way[] = [
  { way: 'a folder, signatures checked', storage: 'folder', checksSignatures: true },
  { way: 'memory, signatures not checked', storage: 'memory', checksSignatures: false },
];

/** An emulator that stores objects in a subfolder of a folder in which nothing else may change. */
export interface GuardedEmulator extends AsyncDisposable {
  readonly emulator: Emulator;

  /** Checks that it still works, and that all its files are in its folder under expected names. */
  assertUnharmed(): Promise<void>;

  /** Starts another emulator on the same folder; this one must be closed. */
  reopen(): Promise<Emulator>;
}

export async function startGuarded({ storage, checksSignatures }: Way): Promise<GuardedEmulator> {
  const fs = storage === 'folder' ? nodeFs : (memfs().fs as unknown as typeof nodeFs);
  const parent = storage === 'folder' ? await mkdtemp(join(tmpdir(), 'guarded-')) : '/guarded';
  const dir = join(parent, 'one/two/three/data');
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(join(dir, '../canary'), 'alive');
  const options: EmulatorOptions = {
    dir,
    ...(storage === 'folder' ? {} : { fs }),
    ...(checksSignatures ? {} : { credentials: null }),
  };
  const emulator = await startEmulator(options);
  let length = 0;
  return {
    emulator,
    assertUnharmed: async () => {
      length = await assertWorking(emulator, length);
      expect(fs.readFileSync(join(dir, '../canary'), 'utf8')).toBe('alive');
      const paths = fs.readdirSync(parent, { recursive: true }).map(String);
      expect(paths.filter((path) => !expected.test(path))).toEqual([]);
    },
    reopen: () => startEmulator(options),
    [Symbol.asyncDispose]: async () => {
      await emulator.close();
      fs.rmSync(parent, { recursive: true });
    },
  };
}

/** Appends to an object of `length` bytes, which must be unchanged, and reads it back. */
async function assertWorking(emulator: Emulator, length: number): Promise<number> {
  const key = 'still/alive';
  await emulator.createBucket('examplebucket'); // A test with permission to delete may have deleted it.
  const appended = await append(emulator, key, length, 'alive');
  if (appended.status === 409) {
    return assertWorking(emulator, Number(appended.headers['x-oss-next-append-position']));
  }

  expect(appended.status).toBe(200);
  const { body } = await send(emulator, { key });
  expect(String(body)).toBe('alive'.repeat(length / 5 + 1));
  return body.byteLength;
}

const bucket = '[a-z0-9][a-z0-9-]{1,61}[a-z0-9]';
const object = `${bucket}/[0-9a-f]{64}`;
const own = ['emulator\\.pid', bucket, `${bucket}/bucket\\.json`, object];
const files = [`${object}/object\\.json`, `${object}/[0-9a-f]{16}\\.\\d{6}`];
const data = `data(/(${[...own, ...files].join('|')}))?`;
const expected = new RegExp(`^one(/two(/three(/(canary|${data}))?)?)?$`);
