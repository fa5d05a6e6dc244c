import type { Emulator } from '../../src/emulator/index.js';

/**
 * What programs have logged to `name`, such as `app.log`, or to keys of single processes below it,
 * such as `app/host-7.log`; empty while no object exists.
 */
export async function contentOf(emulator: Emulator, name: string): Promise<string> {
  const folder = name.replace(/\.log$/, '/');
  const keys = new Set(emulator.requests.map(({ key }) => key ?? ''));
  let content = '';
  for (const key of keys) {
    if (key !== name && !key.startsWith(folder)) continue;
    content += await emulator.read('logs', key).then(String, () => '');
  }
  return content;
}
