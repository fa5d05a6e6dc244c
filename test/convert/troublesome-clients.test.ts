import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Conversion } from '../../src/convert/conversion.js';
import { resolveConversion } from '../../src/convert/resolve-conversion.js';
import {
  answer,
  type Behaviour,
  failure,
  failWith,
  ignoreSignal,
  ScriptedClient,
} from '../append/scripted-client.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { pass } from '../read/open-reader.js';

const length = 10;

function normal(): ScriptedClient {
  const client = new ScriptedClient('0123456789');
  Object.assign(client.object ?? {}, { appendable: false, objectType: 'Normal' });
  return client;
}

/** Starts a conversion whose retries do not wait. */
function start(source: ScriptedClient, target: ScriptedClient, retries = 1) {
  const controller = new AbortController();
  const conversion = new Conversion(
    resolveConversion(
      { key: 'source', client: source },
      {
        key: 'target',
        client: target,
        chunkSize: 4,
        requestTimeout: 5000,
        retry: { retries, minTimeout: 0, maxTimeout: 0 },
        signal: controller.signal,
      },
    ),
  );
  const outcome: { error?: unknown } = {};
  const ended = conversion.finish().catch((error) => {
    outcome.error = error;
  });
  return { controller, outcome, ended };
}

/** A body of so much that then stands still. */
function silentAfter(text: string): Behaviour {
  return () => {
    const stream = new PassThrough();
    stream.write(text);
    return stream;
  };
}

const always = (behaviour: Behaviour) => Array.from({ length: 2 }, () => behaviour);

/** Where a client hangs that ignores its signal. */
interface Hang {
  readonly scenario: string;
  readonly present?: string;
  readonly hidesCrc64?: boolean;
  readonly script: (source: ScriptedClient, target: ScriptedClient) => unknown;
}

const hangs: readonly Hang[] = [
  {
    scenario: 'the HEAD of the source',
    script: (source) => source.script('head', ...always(ignoreSignal)),
  },
  {
    scenario: 'the HEAD of the target',
    script: (_, target) => target.script('head', ...always(ignoreSignal)),
  },
  {
    scenario: 'the GET of the source',
    script: (source) => source.script('get', ...always(ignoreSignal)),
  },
  {
    scenario: 'the GET of the source while it compares',
    present: '0123',
    script: (source) => source.script('get', ...always(ignoreSignal)),
  },
  {
    scenario: 'the body of the source',
    script: (source) => source.script('get', ...always(silentAfter(''))),
  },
  {
    scenario: 'the GET of the target',
    present: '0123',
    hidesCrc64: true,
    script: (_, target) => target.script('get', ...always(ignoreSignal)),
  },
];

/** Where it hangs when it has been sent bytes. */
const laterHangs: readonly Hang[] = [
  { scenario: 'the append', script: (_, target) => target.script('append', ignoreSignal) },
  {
    scenario: 'the body of the source and an append',
    script: (source, target) => {
      source.script('get', silentAfter('0123'));
      target.script('append', ignoreSignal);
    },
  },
  {
    scenario: 'the HEAD at the end',
    script: (_, target) => target.script('head', answer, answer, ignoreSignal),
  },
];

describe('a conversion with a client that hangs', () => {
  beforeEach(() => {
    useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  });

  afterEach(() => {
    useRealTimers();
  });

  test.each(hangs)('gives up: $scenario', async ({ present, hidesCrc64 = false, script }) => {
    const source = normal();
    const target = new ScriptedClient(present);
    target.tellsCrc64 = !hidesCrc64;
    script(source, target);

    const { outcome } = start(source, target);
    await pass(6000);
    await pass(6000);

    expect(outcome.error).toMatchObject({ code: 'APPEND_ERR_RETRIES_EXHAUSTED', attempts: 2 });
    expect(target.contents).toBe(present);
  });

  test.each([...hangs, ...laterHangs])(
    'ends with an AbortError: $scenario',
    async ({ present, hidesCrc64, script }) => {
      const source = normal();
      const target = new ScriptedClient(present);
      target.tellsCrc64 = !hidesCrc64;
      script(source, target);
      const reason = new Error('enough');

      const { controller, ended, outcome } = start(source, target);
      await pass(0);
      expect(outcome).toEqual({});
      controller.abort(reason);
      await ended;

      // As of the streams.
      expect(outcome.error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
      expect((outcome.error as Error).cause).toBe(reason);
    },
  );

  test('goes on where a body stood still', async () => {
    const source = normal().script('get', silentAfter('01'));
    const target = new ScriptedClient();

    const { outcome } = start(source, target);
    await pass(5000);

    expect(outcome).toEqual({});
    expect(target.contents).toBe('0123456789');
    expect(source.calls).toEqual(['head', 'get 0-10', 'get 2-10', 'head']);
  });
});

describe('a conversion appends nothing', () => {
  const respond =
    (pieces: readonly unknown[]): Behaviour =>
    () =>
      Readable.from(pieces);

  test.each([
    {
      scenario: 'more bytes than asked for',
      pieces: [Buffer.alloc(length + 1)],
      message: 'The client returned more bytes than asked for',
    },
    {
      scenario: 'a stream of strings',
      pieces: ['0123'],
      message: 'The client returned a stream of string instead of bytes',
    },
  ])('if its client returns $scenario', async ({ pieces, message }) => {
    const source = normal().script('get', respond(pieces));
    const target = new ScriptedClient();

    const { outcome, ended } = start(source, target);
    await ended;

    expect(String(outcome.error)).toContain(message);
    expect(target.contents).toBeUndefined();
  });

  test.each([
    { scenario: 'null', state: null },
    { scenario: 'a length of NaN', state: { length: Number.NaN, objectType: 'Normal' } },
  ])('if its client returns $scenario as the state of an object', async ({ state }) => {
    const returnState: Behaviour = () => state;
    const source = normal().script('head', ...always(returnState));
    const target = new ScriptedClient().script('head', ...always(returnState));

    const ofSource = start(source, new ScriptedClient());
    const ofTarget = start(normal(), target);
    await Promise.all([ofSource.ended, ofTarget.ended]);

    for (const { outcome } of [ofSource, ofTarget]) {
      expect(outcome.error).toMatchObject({
        code: 'APPEND_ERR_RETRIES_EXHAUSTED',
        message: expect.stringContaining('as the length of the object'),
      });
    }
    expect(target.calls).toEqual(['head', 'head']);
  });

  test('if answers have no bytes, and says so with a code', async () => {
    const source = normal().script('get', ...always(respond([])));
    const target = new ScriptedClient();

    const { outcome, ended } = start(source, target);
    await ended;

    expect(outcome.error).toMatchObject({
      code: 'APPEND_ERR_RETRIES_EXHAUSTED',
      message:
        'Cannot read "source" at position 0 after 2 attempts: The answer to a request for bytes 0 to 10 has none',
    });
    expect(target.contents).toBeUndefined();
  });

  test('if the new object became shorter while it was compared', async () => {
    const target = new ScriptedClient('0123');
    target.tellsCrc64 = false;
    target.script('get', ({ client }) => {
      client.create(Buffer.from('01'));
      throw failure.fatal();
    });

    const { outcome, ended } = start(normal(), target);
    await ended;

    expect(outcome.error).toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      key: 'target',
      actualLength: 2,
    });
    expect(target.contents).toBe('01');
  });

  test('if a permission is missing, and does not try again', async () => {
    const source = normal().script('head', failWith(failure.forbidden()));
    const target = new ScriptedClient();

    const { outcome, ended } = start(source, target);
    await ended;

    expect(outcome.error).toMatchObject({ outcome: 'forbidden' });
    expect([source.calls, target.calls]).toEqual([['head'], []]);
  });
});
