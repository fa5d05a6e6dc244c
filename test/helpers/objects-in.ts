import type { Emulator } from '../../src/emulator/index.js';

/** The objects of a folder, by name, without the folder, of those that were asked for. */
export async function objectsIn(
  emulator: Emulator,
  folder: string,
): Promise<Record<string, string>> {
  const keys = new Set(emulator.requests.map(({ key }) => key ?? ''));
  const found: Record<string, string> = {};
  for (const key of [...keys].sort()) {
    if (!key.startsWith(`${folder}/`)) continue;
    const content = await emulator.read('examplebucket', key).catch(() => undefined);
    if (content !== undefined) found[key.slice(folder.length + 1)] = String(content);
  }
  return found;
}
