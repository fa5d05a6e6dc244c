import { Writable } from 'node:stream';
import { AppendWritable, type AppendWritableOptions } from 'oss-append-stream';

/**
 * A target like many: it reports a line as written when it is in memory, and offers no way to wait
 * until all lines are sent.
 */
// biome-ignore lint/style/noDefaultExport: pino loads it
export default function earlyTarget(options: AppendWritableOptions): Writable {
  const stream = new AppendWritable(options);
  return new Writable({
    write(lines, _, callback) {
      stream.write(lines);
      callback();
    },
  });
}
