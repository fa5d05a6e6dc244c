import { once } from 'node:events';
import type { AppendWritable, AppendWritableOptions } from 'oss-append-stream';
import type { Assignment } from './assignment.js';
import { load } from './library.js';

/** A stream whose object has been opened, and a function that closes its client. */
export interface ReadyStream {
  readonly stream: AppendWritable;
  close(): Promise<void>;
}

/** Opens the object of a run with the build of this library that the run uses. */
export async function readyStream(
  assignment: Pick<Assignment, 'library' | 'target'>,
  options: Partial<AppendWritableOptions> = {},
): Promise<ReadyStream> {
  const { AppendWritable, OssClient } = await load(assignment, 'index.js');
  const { key, ...connection } = assignment.target;
  const client = new OssClient(connection);
  const stream = new AppendWritable({ key, ...options, client } as AppendWritableOptions);
  await once(stream, 'ready');
  return { stream, close: () => client.close() };
}
