import { setImmediate as turn } from 'node:timers/promises';
import type { Job, Work } from './assignment.js';
import { makeSource, type SourceSetting, wholePeriods } from './source.js';

/** A source of JSON lines, which the logger reproduces from their messages. */
export interface LogSetting extends SourceSetting {
  readonly byteLength: number;
}

/** A logger that is ready. */
export interface OpenLog {
  log(message: string): void;

  /** Resolves when every line is delivered. */
  end(): Promise<unknown>;

  /** Resolves with the number of bytes delivered, if the store cannot know it. */
  measure?(): Promise<number>;
}

/** Lines after which the loop waits for a turn of the event loop. */
const stretch = 1000;

/** Logs the source as fast as it can. */
export function logJob(setting: LogSetting, { log, end, measure }: OpenLog): Job {
  const source = makeSource(setting);
  const messages = source.pieces.map((line): string => JSON.parse(String(line)).message);
  const count = wholePeriods(source, setting.byteLength);
  const byteLength = (count / messages.length) * source.period.byteLength;
  return {
    async run(): Promise<Work> {
      for (let index = 0; index < count; index++) {
        log(messages[index % messages.length] as string);
        if (index % stretch === stretch - 1) await turn();
      }
      await end();
      return { byteLength, lineCount: count };
    },
    async finish() {
      const measured = await measure?.();
      if (measured === undefined || measured === byteLength) return;
      throw new Error(`Cannot trust this run: ${measured} of ${byteLength} bytes arrived`);
    },
  };
}
