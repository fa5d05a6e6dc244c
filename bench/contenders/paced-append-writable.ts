// This library with writes at a steady rate: a callback reports the commit of each.
import { finished } from 'node:stream/promises';
import type { AppendWritableOptions } from 'oss-append-stream';
import type { Assignment, Job } from '../harness/assignment.js';
import { PacedProducer, type PaceSetting } from '../harness/paced-producer.js';
import { readyStream } from '../harness/ready-stream.js';

interface Setting extends PaceSetting, Pick<AppendWritableOptions, 'chunkSize' | 'flushInterval'> {
  readonly delay: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting } = assignment;
  const { chunkSize, flushInterval } = setting;
  const { stream, close } = await readyStream(assignment, { chunkSize, flushInterval });
  const producer = new PacedProducer(setting);
  stream.on('commit', ({ byteLength, duration }) => producer.committed(byteLength, duration));
  const acknowledge = () => producer.acknowledgeNext();
  return {
    async run() {
      const producing = producer.run({
        write: (piece) => stream.write(piece, acknowledge),
        hasRoom: () => !stream.writableNeedDrain,
      });
      // Rejects if the stream fails meanwhile, which would otherwise go unnoticed.
      const ended = finished(stream);
      await Promise.race([producing, ended]);
      const figures = producer.figures(setting.delay);
      stream.end();
      await ended;
      return { byteLength: stream.bytesWritten, figures };
    },
    finish: close,
  };
}
