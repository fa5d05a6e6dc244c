import type { ChildProcess } from 'node:child_process';
import type { Emulator } from '../../../src/emulator/index.js';
import { putObject } from '../../emulator/signed-request.js';
import { environmentOf, resultOf, startCommand } from '../../helpers/command-line.js';
import { sourceBytes } from '../fault-matrix/source-bytes.js';

const bucket = 'examplebucket';

export interface KilledConversion {
  /** Processes that were killed before they had finished. */
  readonly kills: number;

  /** Bytes in all appends that were stored. */
  readonly bytesStored: number;
  readonly problems: readonly string[];
}

/**
 * Converts an object by a process that is killed again and again, and at last left alone.
 *
 * @param waits Each waits for the moment to kill a process.
 */
export async function killConversion(
  emulator: Emulator,
  {
    name,
    byteLength,
    chunkSize,
    waits,
  }: {
    readonly name: string;
    readonly byteLength: number;
    readonly chunkSize: number;
    readonly waits: readonly ((child: ChildProcess) => Promise<void>)[];
  },
): Promise<KilledConversion> {
  const source = sourceBytes(byteLength);
  const [from, to] = [`${name}.source`, `${name}.target`];
  await putObject(emulator, from, source);
  const args = ['convert', '--chunk-size', String(chunkSize), '--min-timeout', '20ms'];
  const start = () =>
    startCommand([...args, `oss://${bucket}/${from}`, `oss://${bucket}/${to}`], {
      env: environmentOf(emulator),
    });
  const problems: string[] = [];
  let kills = 0;
  for (const wait of waits) {
    const child = start();
    const result = resultOf(child);
    await wait(child);
    child.kill('SIGKILL');
    const { exitCode, stderr } = await result;
    if (exitCode === 'SIGKILL') kills++;
    else if (exitCode !== 0) problems.push(`${name}: exit code ${exitCode}: ${stderr.trim()}`);
    const found = await emulator.read(bucket, to).catch(() => Buffer.alloc(0));
    if (!found.equals(source.subarray(0, found.byteLength))) {
      problems.push(`${name}: after kill ${kills} the object differs from the source`);
    }
  }
  const { exitCode, stderr } = await resultOf(start());
  if (exitCode !== 0) problems.push(`${name}: exit code ${exitCode}: ${stderr.trim()}`);
  if (!(await emulator.read(bucket, to)).equals(source)) problems.push(`${name}: not a copy`);
  if (!(await emulator.read(bucket, from)).equals(source)) problems.push(`${name}: source changed`);
  const stored = emulator.requests.filter(
    ({ operation, key, status }) => operation === 'append' && key === to && status === 200,
  );
  return {
    kills,
    bytesStored: stored.reduce((sum, { byteLength: length }) => sum + length, 0),
    problems,
  };
}
