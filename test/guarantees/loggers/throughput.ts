import { type EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { AppendWritable, OssClient } from 'oss-append-stream';
import createDestination from 'oss-append-stream/pino';
import { AppendTransport } from 'oss-append-stream/winston';
import { type DestinationStream, pino } from 'pino';
import { createLogger, format, transports } from 'winston';
import type Transport from 'winston-transport';
import { median } from '../../../bench/alternate.js';
import { Remote } from '../../helpers/remote.js';
import type { EmulatorFunctions } from '../fault-matrix/emulator-process.js';
import type { Connection } from '../fault-matrix/job.js';

export const lineLength = 200;
export const repeats = 5;
const lineCount = 200_000;

export interface Throughput {
  readonly library: 'pino' | 'winston';
  readonly name: string;

  /** Lines per second of each repeat, in order. */
  readonly rates: readonly number[];
}

/** Opens something to log to, so that the clock may start. */
interface Contender {
  readonly library: Throughput['library'];
  readonly name: string;
  open(connection: Connection, key: string): Promise<OpenLog>;
}

interface OpenLog {
  log(text: string): void;

  /** Resolves when every line is durable. */
  end(): Promise<void>;
  readonly isInObject: boolean;
}

const contenders: readonly Contender[] = [
  {
    ...{ library: 'pino', name: "pino.destination('/dev/null')" },
    open: async () => pinoLog(pino.destination('/dev/null'), false),
  },
  {
    ...{ library: 'pino', name: 'worker' },
    async open(connection, key) {
      const options = { ...connection, key };
      const transport = pino.transport({ target: 'oss-append-stream/pino', options });
      await once(transport, 'ready');
      return pinoLog(transport, true);
    },
  },
  {
    ...{ library: 'pino', name: 'main thread' },
    open: async (connection, key) => pinoLog(await createDestination({ ...connection, key }), true),
  },
  {
    ...{ library: 'winston', name: 'transports.File' },
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'throughput-'));
      const log = winstonLog(new transports.File({ dirname: folder, filename: 'a.log' }), false);
      return { ...log, end: () => log.end().finally(() => rm(folder, { recursive: true })) };
    },
  },
  {
    ...{ library: 'winston', name: 'AppendTransport' },
    async open(connection, key) {
      const transport = new AppendTransport({ ...connection, key });
      await once(transport, 'ready');
      return winstonLog(transport, true);
    },
  },
  {
    ...{ library: 'winston', name: 'transports.Stream around AppendWritable' },
    async open(connection, key) {
      const stream = new AppendWritable({ ...connection, key });
      await once(stream, 'ready');
      const log = winstonLog(new transports.Stream({ stream }), true);
      const end = async () => {
        await log.end();
        stream.end();
        await once(stream, 'close');
      };
      return { ...log, end };
    },
  },
];

/** Lets everybody log in turn, after one round of warm-up. */
export async function measureThroughput(): Promise<Throughput[]> {
  await using server = new Remote<EmulatorFunctions>(
    'test/guarantees/fault-matrix/emulator-process',
  );
  const connection = { ...(await server.call('start', {})), bucket: 'examplebucket' };
  const rates: number[][] = contenders.map(() => []);
  for (let repeat = -1; repeat < repeats; repeat++) {
    for (const [index, contender] of contenders.entries()) {
      const rate = await measure(contender, connection, `${index}-${repeat}.log`);
      if (repeat >= 0) rates[index]?.push(rate);
    }
  }
  return contenders.map(({ library, name }, index) => ({
    ...{ library, name, rates: rates[index] ?? [] },
  }));
}

/** Markdown. */
export function throughputTable(measured: readonly Throughput[]): string {
  const rows = measured.map(({ library, name, rates }) => {
    const baseline = measured.find((it) => it.library === library)?.rates ?? [];
    const ratios = rates.map((rate, repeat) => rate / (baseline[repeat] ?? Number.NaN));
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    return [library, name, median(rates).toFixed(0), median(ratios).toFixed(2), spread];
  });
  const head = ['library', 'to', 'lines/s', 'ratio', 'least to most'];
  const rule = head.map(() => '---');
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function measure(
  { name, open }: Contender,
  connection: Connection,
  key: string,
): Promise<number> {
  const { log, end, isInObject } = await open(connection, key);
  const started = performance.now();
  for (let line = 0; line < lineCount; line++) {
    log(text);
    // Whoever logs so much does something else in between.
    if (line % 1000 === 999) await turn();
  }
  await end();
  const seconds = (performance.now() - started) / 1000;
  if (isInObject) await assertLength(connection, key, name);
  return lineCount / seconds;
}

async function assertLength(connection: Connection, key: string, name: string): Promise<void> {
  const client = new OssClient(connection);
  const state = await client.headObject(key);
  await client.close();
  if (state?.length === lineCount * lineLength) return;
  throw new Error(`Cannot trust this run: ${name} left ${state?.length} bytes`);
}

/** Makes a line of `lineLength` bytes with what is around it, the same in both libraries. */
const text = 'x'.repeat(lineLength - '{"level":"info","message":""}\n'.length);

function pinoLog(
  destination: DestinationStream & EventEmitter & { end(): unknown },
  isInObject: boolean,
): OpenLog {
  const logger = pino(
    {
      ...{ base: null, timestamp: false, messageKey: 'message' },
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  );
  return {
    log: (line) => logger.info(line),
    async end() {
      destination.end();
      await once(destination, 'close');
    },
    isInObject,
  };
}

function winstonLog(transport: Transport, isInObject: boolean): OpenLog {
  const logger = createLogger({ format: format.json(), transports: [transport] });
  return {
    log: (line) => void logger.info(line),
    async end() {
      logger.end();
      await once(logger, 'finish');
    },
    isInObject,
  };
}
