import type { FileSystem, OpenFile } from '../../src/emulator/index.js';

/** A file system with limited space that counts its use. */
export interface SmallDisk {
  readonly fs: FileSystem;

  /** Free bytes. */
  room: number;

  /** Calls and bytes so far. */
  readonly used: { calls: number; bytesWritten: number; bytesRead: number };
}

/**
 * Limits the bytes that can be written to `files`. As on a real disk, a write that does not fit is
 * shortened, and only the next one fails.
 */
export function limitDisk(files: FileSystem, room = Number.POSITIVE_INFINITY): SmallDisk {
  const { promises } = files;
  const used = { calls: 0, bytesWritten: 0, bytesRead: 0 };
  const disk: SmallDisk = { fs: { promises: { ...bound() } }, room, used };
  return disk;

  function bound(): FileSystem['promises'] {
    return {
      mkdir: (path, options) => counted(() => promises.mkdir(path, options)),
      readdir: (path) => counted(() => promises.readdir(path)),
      readFile: (path) => counted(() => promises.readFile(path)),
      rename: (from, to) => counted(() => promises.rename(from, to)),
      rm: (path, options) => counted(() => promises.rm(path, options)),
      open: async (path, flags) => limitFile(await counted(() => promises.open(path, flags))),
      writeFile: async (path, data) => {
        const byteLength = Buffer.byteLength(data);
        const fits = Math.min(byteLength, disk.room);
        await counted(() => promises.writeFile(path, data.slice(0, fits)));
        take(fits);
        if (fits < byteLength) throw diskFull();
      },
    };
  }

  function limitFile(file: OpenFile): OpenFile {
    return {
      async read(buffer, offset, length, position) {
        const answer = await counted(() => file.read(buffer, offset, length, position));
        used.bytesRead += answer.bytesRead;
        return answer;
      },
      async write(buffer, offset, length, position) {
        const fits = Math.min(length, disk.room);
        if (fits === 0 && length > 0) throw diskFull();
        const answer = await counted(() => file.write(buffer, offset, fits, position));
        take(answer.bytesWritten);
        return answer;
      },
      truncate: (length) => counted(() => file.truncate(length)),
      stat: () => counted(() => file.stat()),
      close: () => counted(() => file.close()),
    };
  }

  function take(byteLength: number): void {
    used.bytesWritten += byteLength;
    disk.room -= byteLength;
  }

  function counted<Result>(call: () => Promise<Result>): Promise<Result> {
    used.calls++;
    return call();
  }
}

function diskFull(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}
