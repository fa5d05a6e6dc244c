import { expect, onTestFinished, test } from 'vitest';
import { AppendWritable, OssClient } from '../../src/index.js';
import openPinoTransport from '../../src/pino.js';
import { AppendTransport } from '../../src/winston.js';
import { ScriptedClient } from '../append/scripted-client.js';

/** Warnings of the process from now on. */
function warnings(): string[] {
  const told: string[] = [];
  const note = ({ message }: Error) => told.push(message);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  return told;
}

/** Warnings come on the next tick. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test.each([
  { options: { chunkSIZE: 4 }, meant: 'chunkSize' },
  { options: { flushIntervall: 4 }, meant: 'flushInterval' },
  { options: { highwaterMarks: 4 }, meant: 'highWaterMark' },
  { options: { retry: { retry: 5 } }, meant: 'retry.retries' },
])('the stream warns of %j once, and suggests the right name', async ({ options, meant }) => {
  const told = warnings();
  for (let count = 0; count < 2; count++) {
    new AppendWritable({
      client: new ScriptedClient(),
      key: 'k',
      ...(options as object),
    }).destroy();
  }
  await turn();

  expect(told).toEqual([expect.stringContaining(`did you mean '${meant}'?`)]);
});

test('those of a log are known, and its misspelt ones are warned of', async () => {
  const told = warnings();
  const known = { overflow: { maxLength: 2 ** 26 }, shutdownTimeout: 5, fallback: false } as const;
  const misspelt = { shutdowntimeout: 5, overflw: {} };
  const base = { bucket: 'logs', region: 'cn-hangzhou', key: 'k' };
  new AppendTransport({ ...base, ...known, ...misspelt, level: 'info', silent: true }).destroy();
  await turn();

  expect(told.sort()).toEqual([
    expect.stringContaining("did you mean 'overflow'?"),
    expect.stringContaining("did you mean 'shutdownTimeout'?"),
  ]);
});

test('what loggers and frameworks add is left alone', async () => {
  const told = warnings();
  const added = { $context: {}, pinoWillSendConfig: true, level: 'info', name: 'x', sync: true };
  new AppendWritable({ client: new ScriptedClient(), key: 'k', ...added }).destroy();
  await turn();

  expect(told).toEqual([]);
});

test.each(['accessKeyId', 'accessKeySecret', 'stsToken'])(
  '%s, by which other SDKs take an access key, is refused by all',
  async (name) => {
    const credentials = { accessKeyId: 'ak', accessKeySecret: 'sk' };
    const base = { bucket: 'logs', region: 'cn-hangzhou', key: 'k', credentials };
    const options = { ...base, [name]: 'hunter2' };
    const message = `'${name}' is not an option and would be ignored`;

    expect(() => new AppendWritable(options)).toThrow(message);
    expect(() => new OssClient(options)).toThrow(message);
    expect(() => new AppendTransport(options)).toThrow(message);
    await expect(openPinoTransport(options)).rejects.toThrow(message);
    await expect(openPinoTransport(options)).rejects.not.toThrow('hunter2');
  },
);
