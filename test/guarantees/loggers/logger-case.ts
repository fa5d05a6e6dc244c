/** Ways in which a logging process ends. */
export type Leaving =
  | 'natural end'
  | 'process.exit(0)'
  | 'uncaught exception'
  | 'unhandled rejection'
  | 'SIGTERM'
  | 'SIGINT'
  | 'flush(), then SIGKILL'
  | 'end()'
  | "end(), 'finish', exit"
  | 'close()'
  | 'worker killed';

/** What a logger writes to; "careless" means without the handlers that we document. */
export type Sink = PinoSink | WinstonSink;

export type PinoSink =
  | 'worker'
  | 'worker, targets'
  | 'worker, pipeline'
  | 'main thread'
  | 'worker, careless'
  | 'main thread, careless'
  | 'worker that acknowledges early'
  | 'AppendWritable, careless';

export type WinstonSink = 'AppendTransport' | 'Stream';

/** Where the lines are promised to be after the process has exited. */
export type Promised =
  /** All of them in the object. */
  | 'object'
  /** All of them: in the object, and the rest in the file of uncommitted bytes. */
  | 'object and file'
  /** The flushed ones in the object. */
  | 'flushed'
  | 'nothing';

/** A logger, and how its process ends. */
export interface LoggerCase {
  readonly library: 'pino' | 'winston';
  readonly sink: Sink;
  readonly leaving: Leaving;
  readonly promised: Promised;
  readonly isOurs: boolean;
  readonly exitCode: number | NodeJS.Signals;

  /** Matches the whole of stderr. */
  readonly stderr: RegExp;

  /** Lines of the library itself or of a handler, which logs the uncaught error. */
  readonly others: number;
}

export function nameOf({ library, sink, leaving }: LoggerCase): string {
  return `${library}, ${sink}: ${leaving}`;
}

const nothing = /^$/;
const crashReport =
  /^\S+:\d+\n[^\n]*\n[^\n]*\n\n?Error: on purpose\n( {4}at .*\n)*\nNode\.js v.*\n$/;
const noticeOrMore = /^(Not everything could be committed .*\n)?.*\.uncommitted.*\n(.*\n)?$/;
const notice = /^[^\n]+\.uncommitted[^\n]*\n$/;

const endings: Readonly<Record<Leaving, Pick<LoggerCase, 'exitCode' | 'stderr' | 'others'>>> = {
  'natural end': { exitCode: 0, stderr: nothing, others: 0 },
  'process.exit(0)': { exitCode: 0, stderr: nothing, others: 0 },
  'uncaught exception': { exitCode: 1, stderr: crashReport, others: 0 },
  'unhandled rejection': { exitCode: 1, stderr: crashReport, others: 0 },
  SIGTERM: { exitCode: 143, stderr: nothing, others: 0 },
  SIGINT: { exitCode: 130, stderr: nothing, others: 0 },
  'flush(), then SIGKILL': { exitCode: 'SIGKILL', stderr: nothing, others: 0 },
  'end()': { exitCode: 0, stderr: nothing, others: 0 },
  "end(), 'finish', exit": { exitCode: 0, stderr: nothing, others: 0 },
  'close()': { exitCode: 0, stderr: nothing, others: 0 },
  'worker killed': { exitCode: 0, stderr: nothing, others: 0 },
};

type Exceptions = Partial<Record<Leaving, Partial<LoggerCase>>>;

const ends = [
  'natural end',
  'process.exit(0)',
  'uncaught exception',
  'unhandled rejection',
] as const;
const signals = ['SIGTERM', 'SIGINT'] as const;
const pinoEnds = [...ends, ...signals, 'flush(), then SIGKILL', 'end()'] as const;
const winstonEnds = [...ends, ...signals, 'end()', "end(), 'finish', exit", 'close()'] as const;

/** A handler logs the uncaught error, and stderr stays empty. */
const caught = { stderr: nothing, others: 1 };
const saved = { promised: 'object and file', stderr: notice } as const;

/** Our loggers. */
export const loggerCases: readonly LoggerCase[] = [
  ...cases('pino', 'worker', [...pinoEnds, 'worker killed'], {
    'worker killed': { promised: 'flushed', stderr: /^the worker thread exited\n$/ },
  }),
  // The stream that pino puts before several targets has no flush().
  ...cases('pino', 'worker, targets', pinoEnds, {
    'flush(), then SIGKILL': { promised: 'nothing' },
  }),
  ...cases('pino', 'worker, pipeline', pinoEnds, {
    'flush(), then SIGKILL': { promised: 'nothing' },
  }),
  ...cases('pino', 'main thread', pinoEnds, {
    'process.exit(0)': saved,
    'uncaught exception': caught,
    'unhandled rejection': caught,
  }),
  ...cases('winston', 'AppendTransport', winstonEnds, {
    'process.exit(0)': saved,
    'uncaught exception': caught,
    'unhandled rejection': caught,
  }),
];

/** Other sinks, and ours without the documented handlers; nothing is promised. */
export const alternativeCases: readonly LoggerCase[] = [
  ...alternatives('pino', 'worker, careless', pinoEnds),
  ...alternatives('pino', 'main thread, careless', pinoEnds),
  ...alternatives('pino', 'AppendWritable, careless', pinoEnds),
  ...alternatives('pino', 'worker that acknowledges early', pinoEnds),
  ...alternatives('winston', 'Stream', winstonEnds),
];

/**
 * Our loggers while the server accepts nothing: after the shutdown timeout the file has the rest.
 */
export const outageCases: readonly LoggerCase[] = [
  ...cases('pino', 'worker', ['process.exit(0)', 'SIGTERM'], {}),
  ...cases('pino', 'worker, targets', ['process.exit(0)', 'SIGTERM'], {}),
  ...cases('pino', 'main thread', ['process.exit(0)', 'SIGTERM'], {}),
  ...cases('winston', 'AppendTransport', ['process.exit(0)', 'SIGTERM'], {}),
].map((it) => ({ ...it, promised: 'object and file', stderr: noticeOrMore }));

function cases(
  library: LoggerCase['library'],
  sink: Sink,
  leavings: readonly Leaving[],
  exceptions: Exceptions,
): LoggerCase[] {
  return leavings.map((leaving) => ({
    library,
    sink,
    leaving,
    promised: 'object',
    isOurs: true,
    ...endings[leaving],
    ...exceptions[leaving],
  }));
}

function alternatives(
  library: LoggerCase['library'],
  sink: Sink,
  leavings: readonly Leaving[],
): LoggerCase[] {
  return cases(library, sink, leavings, {}).map((it) => ({
    ...it,
    promised: 'nothing',
    isOurs: false,
  }));
}
