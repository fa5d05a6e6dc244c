import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'rolldown';
import { expect, test } from 'vitest';
import { createFolder } from './helpers/folder.js';

const root = new URL('..', import.meta.url).pathname;

test('an application can be bundled, and runs where there are no packages', async () => {
  const folder = await createFolder();
  const application = join(folder, 'application.mjs');
  await writeFile(
    application,
    `import { once } from 'node:events';
    import { AppendWritable, isAppendError } from 'oss-append-stream';
    import { startEmulator } from 'oss-append-stream/emulator';
    import { AppendTransport } from 'oss-append-stream/winston';

    const emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator;
    const options = { endpoint, region, credentials, bucket: 'examplebucket' };
    const stream = new AppendWritable({ ...options, key: 'a.log' });
    stream.end('bundled');
    await once(stream, 'finish');
    console.log(String(await emulator.read('examplebucket', 'a.log')));

    // What is loaded later works too, and errors are of one class.
    const refused = new AppendWritable({ ...options, bucket: 'nope', key: 'a.log' });
    const [error] = await once(refused, 'error');
    console.log(error.ossCode, isAppendError(error), typeof AppendTransport);
    await emulator.close();`,
  );
  await build({
    input: application,
    platform: 'node',
    external: ['memfs'],
    resolve: {
      alias: {
        'oss-append-stream/emulator': join(root, 'dist/emulator/index.js'),
        'oss-append-stream/winston': join(root, 'dist/winston.js'),
        'oss-append-stream': join(root, 'dist/index.js'),
      },
      modules: [join(root, 'node_modules')],
    },
    output: { dir: join(folder, 'bundle'), format: 'esm', entryFileNames: '[name].mjs' },
  });

  expect(await readdir(folder)).not.toContain('node_modules');
  const program = join(folder, 'bundle/application.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: folder });
  expect(stdout).toBe('bundled\nNoSuchBucket true function\n');
}, 60_000);
