import { expect, onTestFinished, test } from 'vitest';
import { AppendReadable, AppendWritable, OssClient } from '../../src/index.js';
import openPinoTransport from '../../src/pino.js';
import { AppendTransport } from '../../src/winston.js';
import { ScriptedClient } from '../append/scripted-client.js';

/** Collects the warnings of the process from now on. */
function warnings(): string[] {
  const warned: string[] = [];
  const note = ({ message }: Error) => warned.push(message);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  return warned;
}

/** Waits for warnings, which Node emits on the next tick. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test.each([
  { options: { chunkSIZE: 4 }, meant: 'chunkSize' },
  { options: { flushIntervall: 4 }, meant: 'flushInterval' },
  { options: { highwaterMarks: 4 }, meant: 'highWaterMark' },
  { options: { retry: { retry: 5 } }, meant: 'retry.retries' },
])('the stream warns of %j once, and suggests the right name', async ({ options, meant }) => {
  const warned = warnings();
  for (let count = 0; count < 2; count++) {
    new AppendWritable({
      client: new ScriptedClient(),
      key: 'k',
      ...(options as object),
    }).destroy();
  }
  await turn();

  expect(warned).toEqual([expect.stringContaining(`did you mean '${meant}'?`)]);
});

test.each([
  { options: { folow: true }, meant: 'follow' },
  { options: { follow: { pollIntervall: 5 } }, meant: 'follow.pollInterval' },
])('the reader warns of %j, and suggests the right name', async ({ options, meant }) => {
  const warned = warnings();
  new AppendReadable({ client: new ScriptedClient(), key: 'k', ...(options as object) }).destroy();
  await turn();

  expect(warned).toEqual([expect.stringContaining(`did you mean '${meant}'?`)]);
});

test('a logger knows its own options, and warns of misspelt ones', async () => {
  const warned = warnings();
  const known = { overflow: { maxLength: 2 ** 26 }, shutdownTimeout: 5, fallback: false } as const;
  const misspelt = { shutdowntimeout: 5, overflw: {} };
  const base = { bucket: 'logs', region: 'cn-hangzhou', key: 'k' };
  new AppendTransport({ ...base, ...known, ...misspelt, level: 'info', silent: true }).destroy();
  await turn();

  expect(warned.sort()).toEqual([
    expect.stringContaining("did you mean 'overflow'?"),
    expect.stringContaining("did you mean 'shutdownTimeout'?"),
  ]);
});

test('the stream does not warn of options that loggers and frameworks add', async () => {
  const warned = warnings();
  const added = { $context: {}, pinoWillSendConfig: true, level: 'info', name: 'x', sync: true };
  new AppendWritable({ client: new ScriptedClient(), key: 'k', ...added }).destroy();
  await turn();

  expect(warned).toEqual([]);
});

test.each(['accessKeyId', 'accessKeySecret', 'stsToken'])(
  'every constructor refuses %s, an option for access keys in other SDKs',
  async (name) => {
    const credentials = { accessKeyId: 'ak', accessKeySecret: 'sk' };
    const base = { bucket: 'logs', region: 'cn-hangzhou', key: 'k', credentials };
    const options = { ...base, [name]: 'hunter2' };
    const message = `'${name}' is not an option and would be ignored`;

    expect(() => new AppendWritable(options)).toThrow(message);
    expect(() => new AppendReadable(options)).toThrow(message);
    expect(() => new OssClient(options)).toThrow(message);
    expect(() => new AppendTransport(options)).toThrow(message);
    await expect(openPinoTransport(options)).rejects.toThrow(message);
    await expect(openPinoTransport(options)).rejects.not.toThrow('hunter2');
  },
);
