// This library, with each way to learn that a line has been committed.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { AppendWritable } from 'oss-append-stream';
import type { Assignment, Job } from '../harness/assignment.js';
import { readyStream } from '../harness/ready-stream.js';
import { makeSource, type SourceSetting, wholePeriods } from '../harness/source.js';

interface Setting extends SourceSetting {
  readonly byteLength: number;
  readonly way: keyof typeof ways;
}

interface Way {
  /** Lines per acknowledgement. */
  readonly lines: number;

  /** Writes the last of these lines; returns whether there is room for more, or a promise of it. */
  write(stream: AppendWritable, line: unknown, note: () => void): boolean | Promise<void>;
}

/** Lines between two calls of `flush()`. */
const many = 1000;

const ways = {
  none: { lines: Number.POSITIVE_INFINITY, write: (stream, line) => stream.write(line) },
  callback: { lines: 1, write: (stream, line, note) => stream.write(line, note) },
  append: {
    lines: 1,
    write(stream, line, note) {
      void stream.append(line as string).then(note);
      return !stream.writableNeedDrain;
    },
  },
  flush: {
    lines: many,
    write(stream, line, note) {
      const hasRoom = stream.write(line);
      void stream.flush().then(note);
      return hasRoom;
    },
  },
  'awaited flush': {
    lines: many,
    async write(stream, line, note) {
      stream.write(line);
      await stream.flush();
      note();
    },
  },
} satisfies Record<string, Way>;

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting } = assignment;
  const source = makeSource(setting);
  const { pieces } = source;
  const count = wholePeriods(source, setting.byteLength);
  const { stream, close } = await readyStream(assignment);
  const way: Way = ways[setting.way];
  let noted = 0;
  const note = () => void noted++;
  return {
    async run() {
      for (let index = 0, until = way.lines; index < count; index++) {
        const line = pieces[index % pieces.length];
        if (index + 1 < until) {
          if (!stream.write(line)) await once(stream, 'drain');
          continue;
        }
        until += way.lines;
        const room = way.write(stream, line, note);
        if (room === false) await once(stream, 'drain');
        else if (room !== true) await room;
      }
      stream.end();
      await finished(stream);
      return { byteLength: stream.bytesWritten, lineCount: count };
    },
    async finish() {
      await close();
      const expected = Math.floor(count / way.lines);
      if (noted === expected) return;
      throw new Error(`Cannot trust this run: ${noted} of ${expected} acknowledgements arrived`);
    },
  };
}
