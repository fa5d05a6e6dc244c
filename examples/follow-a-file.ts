// Appends a log as it grows, across rotation by renaming, as `tail -F` reads it. Nothing is kept on
// disk: the object says how far it got, and its CRC-64 proves which bytes of the files these are.
// Start it again when it fails: node follow-a-file.js FILE BUCKET KEY
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

const [path = '', bucket = '', key = ''] = process.argv.slice(2);
let isStopping = false;
process.once('SIGTERM', () => {
  isStopping = true;
});
const log = new AppendWritable({ bucket, key });
await once(log, 'ready');
let { file, offset } = await findEnd(log.position ?? 0, log.crc64);
while (file !== undefined || !isStopping) {
  if (file === undefined) await wait(100);
  else await append(file, offset);
  file = fileAfter(file);
  offset = 0;
}
log.end();

/** The files that had this name before, by the time of their last write, and the one that has it. */
function listFiles(): LogFile[] {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));
  const files = names.flatMap((name) => {
    const stats = statSync(join(dirname(path), name), { throwIfNoEntry: false });
    return stats?.isFile() ? [{ path: join(dirname(path), name), stats }] : [];
  });
  const timeOf = (file: LogFile) => (file.path === path ? Infinity : file.stats.mtimeMs);
  return files.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
}

/** The file that came after this one, or after one that was deleted. */
function fileAfter(file: LogFile | undefined): LogFile | undefined {
  const files = listFiles();
  const index = files.findIndex(({ stats }) => stats.ino === file?.stats.ino);
  return index === -1 ? files.find((it) => it.path === path) : files[index + 1];
}

/** Finds where the object ends, which must be what one of the files and those after it begin with. */
async function findEnd(
  position: number,
  crc64: bigint | undefined,
): Promise<{ file: LogFile | undefined; offset: number }> {
  const files = listFiles();
  if (position === 0) return { file: fileAfter(undefined), offset: 0 };
  const crc = await createCRC64();
  for (let first = files.length - 1; first >= 0; first--) {
    let rest = position;
    crc.init();
    for (const file of files.slice(first)) {
      const end = Math.min(rest, file.stats.size);
      if (end > 0)
        for await (const bytes of createReadStream(file.path, { end: end - 1 })) crc.update(bytes);
      rest -= end;
      if (rest > 0) continue;
      if (BigInt(`0x${crc.digest()}`) === crc64) return { file, offset: end };
      break;
    }
  }
  throw new Error(`"${key}" is not what ${path}, or an older file, begins with`);
}

/** Appends what is written to a file, from `offset` on, until another one has its name. */
async function append({ path, stats }: LogFile, offset: number): Promise<void> {
  const file = await open(path);
  if ((await file.stat()).ino !== stats.ino) throw new Error(`${path} was rotated just now`);
  for (let position = offset, idleLooks = 0; ; ) {
    const { bytesRead, buffer } = await file.read({ position });
    position += bytesRead;
    if (bytesRead > 0) {
      idleLooks = 0;
      if (!log.write(buffer.subarray(0, bytesRead))) await once(log, 'drain');
      continue;
    }
    // After a rotation a program goes on writing to the old file for a moment.
    if (isStopping || (fileAfter({ path, stats }) !== undefined && ++idleLooks > 2)) break;
    // Truncated: what was written just before is lost, whoever reads it.
    if ((await file.stat()).size < position) position = 0;
    await wait(100);
  }
  await file.close();
}
