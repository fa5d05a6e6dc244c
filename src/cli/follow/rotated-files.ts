import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Maximum number of files: each is opened. */
const mostFiles = 100;

const compressed = /\.(?:gz|bz2|xz|zst|lz4|zip)$/;

/**
 * Finds the files that had the name of `path` before they were rotated, oldest first: those in its
 * folder whose name goes on after a dot or a hyphen, such as `app.log.1` or `app.log-20261130`.
 */
export async function findRotated(path: string): Promise<readonly string[]> {
  const folder = dirname(path);
  const name = basename(path);
  const names = await readdir(folder);
  const likely = names.filter(
    (it) => it.startsWith(name) && /^[.-]./.test(it.slice(name.length)) && !compressed.test(it),
  );
  const found = await Promise.all(
    likely.map(async (it) => {
      const file = join(folder, it);
      const stats = await stat(file, { bigint: true }).catch(() => undefined);
      return stats?.isFile() ? [{ file, writtenAt: stats.mtimeNs }] : [];
    }),
  );
  // A file that is renamed keeps the time of its last write.
  return found
    .flat()
    .sort((a, b) => Number(a.writtenAt - b.writtenAt))
    .slice(-mostFiles)
    .map(({ file }) => file);
}
