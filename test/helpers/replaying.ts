import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolder } from './folder.js';
import type { ProcessResult } from './process-result.js';
import { runHere } from './run-here.js';

/** Writes a file of uncommitted bytes, and returns its path. */
export async function save(
  header: object,
  content: string | Buffer,
  name = 'rest',
): Promise<string> {
  const path = join(await createFolder(), name);
  const bytes = Buffer.from(content);
  const facts = { bucket: 'examplebucket', confirmed: true, doubtful: 0 };
  const line = JSON.stringify({ ...facts, byteLength: bytes.byteLength, ...header });
  await writeFile(path, Buffer.concat([Buffer.from(`${line}\n`), bytes]));
  return path;
}

/** The first line of a file of uncommitted bytes. */
export async function headerOf(path: string): Promise<Record<string, unknown>> {
  const [line = ''] = (await readFile(path, 'latin1')).split('\n');
  return JSON.parse(line);
}

/** Runs `oss-append replay` in this process, which is faster than starting another. */
export function replayWith(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<ProcessResult> {
  return runHere(['replay', ...args], env);
}
