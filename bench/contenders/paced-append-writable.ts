// This library, when writes come at a steady rate: each write is told when it is committed.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { AppendWritableOptions } from 'oss-append-stream';
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { PacedProducer, type PaceSetting } from '../harness/paced-producer.js';

interface Setting extends PaceSetting, Pick<AppendWritableOptions, 'chunkSize' | 'flushInterval'> {
  readonly delay: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting, target } = assignment;
  const { AppendWritable, OssClient } = await load(assignment, 'index.js');
  const { key, ...connection } = target;
  const client = new OssClient(connection);
  const { chunkSize, flushInterval } = setting;
  const stream = new AppendWritable({ client, key, chunkSize, flushInterval });
  await once(stream, 'ready');
  const producer = new PacedProducer(setting);
  stream.on('commit', ({ byteLength, duration }) => producer.committed(byteLength, duration));
  const acknowledge = () => producer.acknowledgeNext();
  return {
    async run() {
      const producing = producer.run({
        write: (piece) => stream.write(piece, acknowledge),
        hasRoom: () => !stream.writableNeedDrain,
      });
      // Rejects if the stream fails meanwhile, which nobody would be told otherwise.
      const ended = finished(stream);
      await Promise.race([producing, ended]);
      const figures = producer.figures(setting.delay);
      stream.end();
      await ended;
      return { byteLength: stream.bytesWritten, figures };
    },
    finish: () => client.close(),
  };
}
