import { Writable } from 'node:stream';
import { AppendWritable, type AppendWritableOptions } from 'oss-append-stream';

/**
 * A target as many are written: it says "written" when the line is in its memory, and has no word
 * for "wait until all have left".
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
