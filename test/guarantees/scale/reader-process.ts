// Reads a long object while it grows, and watches its own memory.
import { AppendReadable } from 'oss-append-stream';
import { serve } from '../../helpers/remote.js';
import { contentFrom } from './long-content.js';

export interface LongReading {
  readonly bytesRead: number;

  /** Whether all bytes were the right ones. */
  readonly isRight: boolean;

  /** Peak memory of the process in each quarter. */
  readonly peaks: readonly number[];
}

const functions = {
  /** @param length Bytes that the object has in the end. */
  async read(endpoint: string, length: number): Promise<LongReading> {
    const credentials = { accessKeyId: 'id', accessKeySecret: 'secret' };
    const reader = new AppendReadable({
      endpoint,
      region: 'cn-hangzhou',
      bucket: 'examplebucket',
      credentials,
      key: 'long.log',
      follow: { pollInterval: 1, maxPollInterval: 1 },
    });
    const peaks = [0, 0, 0, 0];
    let isRight = true;
    let position = 0;
    for await (const bytes of reader as AsyncIterable<Buffer>) {
      const expected = Buffer.concat([...contentFrom(position, position + bytes.byteLength)]);
      isRight &&= bytes.equals(expected);
      const quarter = Math.floor((4 * position) / length);
      peaks[quarter] = Math.max(peaks[quarter] ?? 0, process.memoryUsage.rss());
      position += bytes.byteLength;
    }
    return { bytesRead: reader.bytesRead, isRight, peaks };
  },
};

export type ReaderFunctions = typeof functions;

serve(functions);
