// winston with its own transport for files, with ours, and with its wrapper around the bare stream.
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger, format, transports } from 'winston';
import type Transport from 'winston-transport';
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { type LogSetting, logJob, type OpenLog } from '../harness/log-job.js';

interface Setting extends LogSetting {
  readonly transport: keyof typeof opening;
}

type Open = (assignment: Assignment<Setting>) => Promise<OpenLog>;

const opening = {
  async file() {
    const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
    const log = openLog(new transports.File({ dirname: folder, filename: 'a.log' }));
    const measure = async () => {
      const { size } = await stat(join(folder, 'a.log'));
      await rm(folder, { recursive: true });
      return size;
    };
    return { ...log, measure };
  },
  async append(assignment) {
    const { AppendTransport } = await load(assignment, 'winston.js');
    const transport = new AppendTransport(assignment.target);
    await once(transport, 'ready');
    return openLog(transport);
  },
  async stream(assignment) {
    const { AppendWritable } = await load(assignment, 'index.js');
    const stream = new AppendWritable(assignment.target);
    await once(stream, 'ready');
    const log = openLog(new transports.Stream({ stream }));
    const end = async () => {
      await log.end();
      stream.end();
      await once(stream, 'close');
    };
    return { ...log, end };
  },
} satisfies Record<string, Open>;

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting } = assignment;
  const open: Open = opening[setting.transport];
  return logJob(setting, await open(assignment));
}

function openLog(transport: Transport): OpenLog {
  const logger = createLogger({ format: format.json(), transports: [transport] });
  return {
    log: (message) => void logger.info(message),
    async end() {
      // winston loses lines that still wait for a transport that exerts backpressure.
      while (logger.writableLength + logger.readableLength > 0) await turn();
      logger.end();
      await once(logger, 'finish');
    },
  };
}
