// Appends a log as it grows, across rotation by renaming, as `tail -F` reads it. Nothing is kept on
// disk: the object says how far it got, and its CRC-64 proves which bytes of the files these are.
// What comes after them, the names and times of the files say: keep others with such names out of
// the folder. Start it again when it fails: node follow-a-file.js FILE BUCKET KEY
import { once } from 'node:events';
import { createReadStream, readdirSync, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createCRC64 } from 'hash-wasm';
import { AppendWritable } from 'oss-append-stream';

interface LogFile {
  readonly path: string;
  readonly stats: Stats;
}

/** What rotation adds to a name: `.1`, `-20261130`, `.2026-11-30_12-00-00`, `.2026-11-30.1`. */
const rotation = /^(\.\d+|[.-]\d{4}([-_.:T]?\d\d)+(\.\d+)?)$/;

const [path = '', bucket = '', key = ''] = process.argv.slice(2);
let isStopping = false;
process.once('SIGTERM', () => {
  isStopping = true;
});
const log = new AppendWritable({ bucket, key });
await once(log, 'ready');
let { file, offset } = await findEnd(log.position ?? 0, log.crc64);
while (file !== undefined || !isStopping) {
  if (file === undefined) {
    await wait(100);
    file = currentFile();
  } else file = await append(file, offset);
  offset = 0;
}
log.end();

/**
 * The files that had this name before, by the time of their last write, and the one that has it. Of
 * two that were created and written at the same moment, `.2` comes before `.1`.
 */
function listFiles(): LogFile[] {
  const [folder, prefix] = [dirname(path), basename(path)];
  const names = readdirSync(folder).filter(
    (name) => name.startsWith(prefix) && rotation.test(name.slice(prefix.length)),
  );
  const files: LogFile[] = [];
  for (const file of [path, ...names.map((name) => join(folder, name))]) {
    const stats = statSync(file, { throwIfNoEntry: false });
    // A link is another name of the same file.
    if (stats === undefined || files.some((known) => isSame(known.stats, stats))) continue;
    if (stats.isFile()) files.push({ path: file, stats });
  }
  const timeOf = (file: LogFile) => (file.path === path ? Infinity : file.stats.mtimeMs);
  const { compare } = new Intl.Collator('en', { numeric: true });
  return files.sort(
    (a, b) =>
      timeOf(a) - timeOf(b) || a.stats.birthtimeMs - b.stats.birthtimeMs || compare(b.path, a.path),
  );
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

function currentFile(): LogFile | undefined {
  return listFiles().find((file) => file.path === path);
}

/** The files that got the name later: they were created and written after this one was seen. */
function filesAfter(file: LogFile): LogFile[] {
  const newer = listFiles().filter(({ path: name, stats }) => {
    const written = stats.mtimeMs - file.stats.mtimeMs;
    const created = stats.birthtimeMs - file.stats.birthtimeMs;
    const isNewer = written >= 0 && created >= 0 && written + created > 0;
    return (name === path || isNewer) && !isSame(stats, file.stats);
  });
  for (const [index, next] of newer.entries()) assertOrder(next, newer.slice(index + 1));
  return newer;
}

/** Asserts that it is known which of the files are newer than `file`, and which are older. */
function assertOrder(file: LogFile, others: readonly LogFile[]): void {
  if (file.path === path) return;
  for (const other of others) {
    const written = Math.sign(other.stats.mtimeMs - file.stats.mtimeMs);
    const created = Math.sign(other.stats.birthtimeMs - file.stats.birthtimeMs);
    if (other.path === path || written + created !== 0) continue;
    throw new Error(`It is unknown which of ${file.path} and ${other.path} is older`);
  }
}

/** Finds where the object ends, which must be what one of the files and those after it begin with. */
async function findEnd(
  position: number,
  crc64: bigint | undefined,
): Promise<{ file: LogFile | undefined; offset: number }> {
  if (position === 0) return { file: currentFile(), offset: 0 };
  const files = listFiles();
  const crc = await createCRC64();
  for (let first = files.length - 1; first >= 0; first--) {
    let rest = position;
    crc.init();
    for (const [index, file] of files.entries()) {
      if (index < first) continue;
      const end = Math.min(rest, file.stats.size);
      if (end > 0)
        for await (const bytes of createReadStream(file.path, { end: end - 1 })) crc.update(bytes);
      rest -= end;
      if (rest > 0) continue;
      if (BigInt(`0x${crc.digest()}`) !== crc64) break;
      assertOrder(file, [...files.slice(0, first), ...files.slice(index + 1)]);
      return { file, offset: end };
    }
  }
  throw new Error(`"${key}" is not what ${path}, or an older file, begins with`);
}

/**
 * Appends what is written to a file, from `offset` on, until another one has its name. Resolves with
 * the next one.
 */
async function append(
  { path: name, stats }: LogFile,
  offset: number,
): Promise<LogFile | undefined> {
  const file = await open(name);
  if (!isSame(await file.stat(), stats)) throw new Error(`${name} was rotated just now`);
  let seen = stats;
  let newer: LogFile[] = [];
  for (let position = offset, idleLooks = 0; ; ) {
    const { bytesRead, buffer } = await file.read({ position });
    position += bytesRead;
    if (bytesRead > 0) {
      idleLooks = 0;
      if (!log.write(buffer.subarray(0, bytesRead))) await once(log, 'drain');
      continue;
    }
    const current = currentFile();
    if (current !== undefined && isSame(current.stats, stats)) seen = current.stats;
    newer = filesAfter({ path: name, stats: seen });
    // After a rotation a program goes on writing to the old file until it opens the new one.
    const isReplaced = newer.some((it) => it.stats.size > 0);
    if (isStopping || (isReplaced && ++idleLooks > 2)) break;
    // Truncated: what was written just before is lost, whoever reads it. It is not noticed if the
    // file has grown beyond this place by the next look.
    if ((await file.stat()).size < position) position = 0;
    await wait(100);
  }
  await file.close();
  return newer[0];
}
