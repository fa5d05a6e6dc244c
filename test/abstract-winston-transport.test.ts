// winston's own test suite for transports, which is written for mocha.
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { AppendTransport } from '../src/winston.js';
import { startEmulatorForFile } from './helpers/emulator-for-file.js';
import { connectionTo } from './helpers/open-stream.js';

type Done = (error?: unknown) => void;
type Body = (done: Done) => unknown;

interface Suite {
  readonly name: string;
  readonly Transport: typeof AppendTransport;
  construct(): ConstructorParameters<typeof AppendTransport>[0];
  afterEach(options: unknown, done: Done): void;
}

const runSuite: (suite: Suite) => void = createRequire(import.meta.url)(
  'abstract-winston-transport',
);

const { emulator } = await startEmulatorForFile();

const open: AppendTransport[] = [];

class WatchedTransport extends AppendTransport {
  constructor(options: ConstructorParameters<typeof AppendTransport>[0]) {
    super(options);
    open.push(this);
  }
}

// The suite declares its tests through globals while vitest collects them.
const mocha = {
  describe,
  it: (title: string, body: Body) => it(title, promised(body)),
  beforeEach: (body: Body) => beforeEach(promised(body)),
  afterEach: (body: Body) => afterEach(promised(body)),
  after: (body: Body) => afterAll(promised(body)),
};
Object.assign(globalThis, mocha);
beforeAll(() => {
  for (const name of Object.keys(mocha)) Reflect.deleteProperty(globalThis, name);
});

runSuite({
  name: 'AppendTransport',
  Transport: WatchedTransport,
  construct: () => ({ ...connectionTo(emulator), key: 'suite.log', flushInterval: 0 }),
  afterEach(_, done) {
    const transport = open.pop();
    if (transport === undefined) return done();
    transport.once('finish', () => done());
    transport.end();
  },
});

/** Mocha passes a callback to a test body that has a parameter. */
function promised(body: Body): () => Promise<void> {
  return () =>
    new Promise((resolve, reject) => {
      const done: Done = (error) => (error ? reject(error) : resolve());
      Promise.resolve(body(done)).then(() => body.length === 0 && resolve(), reject);
    });
}
