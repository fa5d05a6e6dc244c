// pino with its own destination, and with ours in a worker and on the main thread.
import { type EventEmitter, once } from 'node:events';
import { devNull } from 'node:os';
import { type DestinationStream, pino } from 'pino';
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { type LogSetting, logJob } from '../harness/log-job.js';

interface Setting extends LogSetting {
  readonly destination: keyof typeof destinations;
}

type Destination = DestinationStream & EventEmitter & { end(): unknown };
type Open = (assignment: Assignment<Setting>) => Promise<Destination>;

const destinations = {
  'null device': async () => pino.destination(devNull),
  async worker({ library, target }) {
    const transport = pino.transport({ target: `${library}pino.js`, options: target });
    await once(transport, 'ready');
    return transport;
  },
  async 'main thread'(assignment) {
    const { default: open } = await load(assignment, 'pino.js');
    return await open(assignment.target);
  },
} satisfies Record<string, Open>;

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting } = assignment;
  const open: Open = destinations[setting.destination];
  const destination = await open(assignment);
  // Makes the same lines as winston.
  const logger = pino(
    {
      base: null,
      timestamp: false,
      messageKey: 'message',
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  );
  return logJob(setting, {
    log: (message) => logger.info(message),
    async end() {
      destination.end();
      await once(destination, 'close');
    },
  });
}
