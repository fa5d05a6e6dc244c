import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ObjectProbe } from '../../src/append/object-probe.js';
import { type OpenObjectOptions, openObject } from '../../src/append/open-object.js';
import { RequestRunner } from '../../src/append/request-runner.js';
import type { RetryNotice } from '../../src/append/retry-policy.js';
import { loadCrc64 } from '../../src/crc64.js';
import {
  DivergedError,
  NotAppendableError,
  ObjectExistsError,
  OssServiceError,
  RetriesExhaustedError,
} from '../../src/errors.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { failure, failWith, hang, ScriptedClient } from './scripted-client.js';

const crc64 = await loadCrc64();
const immediately = { retries: 2, minTimeout: 0, maxTimeout: 0, factor: 1, randomize: false };
const creation = { contentType: 'text/plain' };

/** Opens the object, and returns the result and the reported retries. */
async function open(client: ScriptedClient, options: Partial<OpenObjectOptions> = {}) {
  const notices: RetryNotice[] = [];
  const { signal = new AbortController().signal } = options;
  const requests = new RequestRunner({ signal, requestTimeout: 1000, request: {} });
  const probe = new ObjectProbe(client, requests);
  const opening = openObject(probe, {
    key: 'a.log',
    flags: 'a',
    position: undefined,
    create: creation,
    retry: immediately,
    signal,
    onRetry: (notice) => notices.push(notice),
    ...options,
  });
  const outcome = await opening.then(
    (object) => ({ object, error: undefined }),
    (error: unknown) => ({ object: undefined, error }),
  );
  return { ...outcome, notices };
}

function writeOnly(contents?: string): ScriptedClient {
  const client = new ScriptedClient(contents);
  client.refusesReading = true;
  return client;
}

describe('openObject()', () => {
  test('resolves with the length and the checksum of an object', async () => {
    const client = new ScriptedClient('head');
    const { object } = await open(client);

    expect(object).toEqual({
      key: 'a.log',
      position: 4,
      crc64: crc64(Buffer.from('head')),
      exists: true,
    });
    expect(client.calls).toEqual(['head']);
  });

  test('resolves with an empty state, and creates no object, if it does not exist', async () => {
    const client = new ScriptedClient();
    const { object } = await open(client);

    expect(object).toEqual({ key: 'a.log', position: 0, crc64: 0n, exists: false });
    expect(client.calls).toEqual(['head']);
    expect(client.object).toBeUndefined();
  });

  test('resolves with an existing object if it is empty', async () => {
    const { object } = await open(new ScriptedClient(''));

    expect(object).toEqual({ key: 'a.log', position: 0, crc64: 0n, exists: true });
  });

  test('leaves the checksum unknown if the store does not return it', async () => {
    const client = new ScriptedClient('head');
    client.tellsCrc64 = false;
    const { object } = await open(client);

    expect(object).toEqual({ key: 'a.log', position: 4, crc64: undefined, exists: true });
  });

  test.each([
    { scenario: 'of another type', change: { appendable: false, objectType: 'Normal' } },
    { scenario: 'sealed', change: { sealed: true } },
  ])('refuses an object that is $scenario', async ({ change }) => {
    const client = new ScriptedClient('head');
    Object.assign(client.object as object, change);
    const { error, notices } = await open(client);

    expect(error).toBeInstanceOf(NotAppendableError);
    expect(error).toMatchObject({
      key: 'a.log',
      objectType: client.object?.objectType,
      message: `Cannot append to "a.log": the object is ${
        change.sealed ? 'sealed' : 'of type Normal'
      }, 4 bytes long`,
    });
    expect(notices).toEqual([]);
  });
});

describe("openObject() with flags 'ax'", () => {
  test('accepts that the object does not exist', async () => {
    const { object } = await open(new ScriptedClient(), { flags: 'ax' });

    expect(object).toEqual({ key: 'a.log', position: 0, crc64: 0n, exists: false });
  });

  test.each(['', 'head'])('refuses an object that exists: %j', async (contents) => {
    const { error, notices } = await open(new ScriptedClient(contents), { flags: 'ax' });

    expect(error).toBeInstanceOf(ObjectExistsError);
    expect(error).toMatchObject({
      key: 'a.log',
      message: `Cannot open "a.log" with flags 'ax': the object exists and is ${contents.length} bytes long`,
    });
    expect(notices).toEqual([]);
  });

  test('rejects with the need for HEAD, and does not append, if HEAD is forbidden', async () => {
    const client = writeOnly();
    const { error, notices } = await open(client, { flags: 'ax' });

    expect(error).toBeInstanceOf(OssServiceError);
    expect(error).toMatchObject({
      status: 403,
      outcome: 'forbidden',
      message: expect.stringMatching(/flags 'ax': HEAD is forbidden/),
      cause: { outcome: 'forbidden' },
    });
    expect(client.calls).toEqual(['head']);
    expect(client.object).toBeUndefined();
    expect(notices).toEqual([]);
  });

  test('keeps the fields of the error with which OSS forbade HEAD', async () => {
    const refusal = new OssServiceError('No', {
      status: 403,
      ossCode: 'AccessDenied',
      requestId: 'request',
      ec: '0003-00000001',
      outcome: 'forbidden',
    });
    const client = new ScriptedClient().script('head', failWith(refusal));
    const { error } = await open(client, { flags: 'ax' });

    expect(error).toMatchObject({
      name: 'OssServiceError',
      ossCode: 'AccessDenied',
      requestId: 'request',
      ec: '0003-00000001',
      cause: refusal,
    });
  });
});

describe('openObject() with a position', () => {
  test.each([
    { contents: 'head', position: 4 },
    { contents: '', position: 0 },
    { contents: undefined, position: 0 },
  ])('accepts the position $position of $contents', async ({ contents, position }) => {
    const { object } = await open(new ScriptedClient(contents), { position });

    expect(object?.position).toBe(position);
  });

  test.each([
    { scenario: 'one byte longer', contents: 'head+', position: 4, actualLength: 5 },
    { scenario: 'one byte shorter', contents: 'hea', position: 4, actualLength: 3 },
    { scenario: 'not empty', contents: 'head', position: 0, actualLength: 4 },
    { scenario: 'gone', contents: undefined, position: 4, actualLength: 0 },
  ])('refuses an object that is $scenario', async ({ contents, position, actualLength }) => {
    const { error, notices } = await open(new ScriptedClient(contents), { position });

    expect(error).toBeInstanceOf(DivergedError);
    expect(error).toMatchObject({
      key: 'a.log',
      position,
      actualLength,
      message: `Cannot append to "a.log" at position ${position}: the object is ${actualLength} bytes long`,
    });
    expect(notices).toEqual([]);
  });
});

describe('openObject() without HEAD', () => {
  test('finds the length of an object by appending 0 bytes', async () => {
    const client = writeOnly('head');
    const { object } = await open(client);

    expect(object).toEqual({
      key: 'a.log',
      position: 4,
      crc64: crc64(Buffer.from('head')),
      exists: true,
    });
    expect(client.calls).toEqual(['head', 'append 0+0', 'append 4+0']);
    expect(client.contents).toBe('head');
  });

  test('creates the object with the creation options', async () => {
    const client = writeOnly();
    const { object } = await open(client);

    expect(object).toEqual({ key: 'a.log', position: 0, crc64: 0n, exists: true });
    expect(client.object?.creation).toEqual(creation);
  });

  test('creates no object while it finds that the length is not the required one', async () => {
    const client = writeOnly();
    const { error } = await open(client, { position: 100 });

    expect(error).toMatchObject({ name: 'DivergedError', position: 100, actualLength: 0 });
    expect(client.object).toBeUndefined();
  });

  test('appends 0 bytes once, at the required position', async () => {
    const client = writeOnly('head');
    const { object } = await open(client, { position: 4 });

    expect(object?.position).toBe(4);
    expect(client.calls).toEqual(['head', 'append 4+0']);
  });

  test('fails at once when appending is forbidden too', async () => {
    const refusal = failure.forbidden();
    const client = writeOnly('head').script('append', failWith(refusal));
    const { error, notices } = await open(client);

    expect(error).toBe(refusal);
    expect(notices).toEqual([]);
  });

  test('retries a failed append of 0 bytes without trying HEAD again', async () => {
    const client = writeOnly('head').script('append', failWith(failure.answered()));
    const { object, notices } = await open(client);

    expect(object?.position).toBe(4);
    expect(client.calls).toEqual(['head', 'append 0+0', 'append 0+0', 'append 4+0']);
    expect(notices).toHaveLength(1);
  });
});

describe('openObject() when the probe fails', () => {
  test.each([
    { scenario: 'rejected', thrown: failure.rejected() },
    { scenario: 'an answered unknown', thrown: failure.answered() },
    { scenario: 'an unanswered unknown', thrown: failure.unanswered() },
    { scenario: 'a conflict', thrown: failure.conflict() },
    { scenario: 'an error without outcome', thrown: new Error('failed') },
    { scenario: 'a TypeError', thrown: new TypeError('terminated') },
    { scenario: 'a string', thrown: 'garbage' },
    { scenario: 'nothing', thrown: undefined },
  ])('probes again after $scenario', async ({ thrown }) => {
    const client = new ScriptedClient('head').script('head', failWith(thrown), failWith(thrown));
    const { object, notices } = await open(client);

    expect(object?.position).toBe(4);
    expect(client.calls).toEqual(['head', 'head', 'head']);
    expect(notices.map(({ attemptNumber }) => attemptNumber)).toEqual([1, 2]);
    if (thrown instanceof Error) expect(notices[0]?.error).toBe(thrown);
  });

  test('throws RetriesExhaustedError when the retry budget is spent', async () => {
    const last = failure.unanswered();
    const client = new ScriptedClient('head').script(
      'head',
      failWith(failure.answered()),
      failWith(failure.answered()),
      failWith(last),
    );
    const { error, notices } = await open(client);

    expect(error).toBeInstanceOf(RetriesExhaustedError);
    expect(error).toMatchObject({
      key: 'a.log',
      position: undefined,
      attempts: 3,
      cause: last,
      message: 'Cannot open "a.log" after 3 attempts: A scripted failure: unknown',
    });
    expect(client.calls).toEqual(['head', 'head', 'head']);
    expect(notices).toHaveLength(2);
  });

  test('fails at once with a fatal refusal', async () => {
    const refusal = failure.fatal();
    const client = new ScriptedClient('head').script('head', failWith(refusal));
    const { error, notices } = await open(client);

    expect(error).toBe(refusal);
    expect(client.calls).toEqual(['head']);
    expect(notices).toEqual([]);
  });

  test('rejects with the reason when aborted during the probe', async () => {
    const controller = new AbortController();
    const reason = new Error('destroyed');
    const client = new ScriptedClient('head').script('head', hang);
    const opening = open(client, { signal: controller.signal });
    controller.abort(reason);
    const { error, notices } = await opening;

    expect(error).toBe(reason);
    expect(notices).toEqual([]);
  });

  test('rejects with the reason when aborted during the backoff', async () => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const controller = new AbortController();
    const reason = new Error('destroyed');
    const client = new ScriptedClient('head').script('head', failWith(failure.answered()));
    const opening = open(client, {
      signal: controller.signal,
      retry: { ...immediately, minTimeout: 1000, maxTimeout: 1000 },
    });
    await vi.advanceTimersByTimeAsync(500);
    controller.abort(reason);
    const { error, notices } = await opening;

    expect(error).toBe(reason);
    expect(client.calls).toEqual(['head']);
    expect(notices).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
