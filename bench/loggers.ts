import type { Contender } from './harness/assignment.js';

/** pino's own destination first. */
export const pinoContenders: readonly Contender[] = [
  {
    name: 'pino.destination',
    module: 'pino-logger',
    isLocal: true,
    options: { destination: 'null device' },
  },
  {
    name: 'worker',
    module: 'pino-logger',
    isThreaded: true,
    isOurs: true,
    options: { destination: 'worker' },
  },
  {
    name: 'main thread',
    module: 'pino-logger',
    isOurs: true,
    options: { destination: 'main thread' },
  },
];

/** winston's own transport first. */
export const winstonContenders: readonly Contender[] = [
  {
    name: 'transports.File',
    module: 'winston-logger',
    isLocal: true,
    options: { transport: 'file' },
  },
  {
    name: 'AppendTransport',
    module: 'winston-logger',
    isOurs: true,
    options: { transport: 'append' },
  },
  {
    name: 'transports.Stream around AppendWritable',
    module: 'winston-logger',
    isOurs: true,
    options: { transport: 'stream' },
  },
];
