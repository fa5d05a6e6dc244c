import { describe, expect, test } from 'vitest';
import { RequestRunner } from '../../src/append/request-runner.js';
import { sealObject } from '../../src/append/seal-object.js';
import { failure, ScriptedClient } from './scripted-client.js';

/** Seals an object of 4 bytes through a client whose first answers are these failures. */
async function seal(failures: readonly Error[], retries = 10) {
  const client = new ScriptedClient('head');
  const apply = client.sealAppendObject.bind(client);
  let calls = 0;
  client.sealAppendObject = async (...args) => {
    const thrown = failures[calls++];
    if (thrown !== undefined) throw thrown;
    return apply(...args);
  };
  const { signal } = new AbortController();
  const retried: number[] = [];
  const error = await sealObject('a.log', 4, {
    client,
    requests: new RequestRunner({ signal, requestTimeout: 1000, request: {} }),
    retry: { retries, minTimeout: 0, maxTimeout: 0 },
    signal,
    onRetry: ({ attemptNumber }) => retried.push(attemptNumber),
  });
  return { error, calls, retried, state: await client.headObject('a.log') };
}

describe('sealObject()', () => {
  test('seals the object and resolves with nothing', async () => {
    const { error, calls, state } = await seal([]);

    expect(error).toBeUndefined();
    expect(calls).toBe(1);
    expect(state?.sealed).toBe(true);
  });

  test('repeats a seal without an answer, or one that OSS had no time for', async () => {
    const { error, calls, retried, state } = await seal([failure.unanswered(), failure.rejected()]);

    expect(error).toBeUndefined();
    expect([calls, retried]).toEqual([3, [1, 2]]);
    expect(state?.sealed).toBe(true);
  });

  test.each([
    { scenario: 'three attempts', failures: Array(5).fill(failure.unanswered()), calls: 3 },
    { scenario: 'a refusal', failures: [failure.fatal()], calls: 1 },
    { scenario: 'a missing permission', failures: [failure.forbidden()], calls: 1 },
    { scenario: "another writer's bytes", failures: [failure.conflict(5)], calls: 1 },
  ])('resolves with the reason after $scenario', async ({ failures, calls }) => {
    const result = await seal(failures);

    expect(result.error).toBe(failures[0]);
    expect(result.calls).toBe(calls);
    expect(result.state?.sealed).toBe(false);
  });

  test('calls no code of the application within the call, nor at all if it is aborted then', async () => {
    const client = new ScriptedClient('head');
    const controller = new AbortController();
    const { signal } = controller;
    const sealed = sealObject('a.log', 4, {
      client,
      requests: new RequestRunner({ signal, requestTimeout: 1000, request: {} }),
      retry: {},
      signal,
      onRetry: () => {},
    });
    const before = client.calls.length;
    controller.abort();
    const error = await sealed;

    expect(before).toBe(0);
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(client.calls).toEqual([]);
  });

  test('makes no more attempts than retry.retries allows', async () => {
    const { calls, error } = await seal([failure.rejected()], 0);

    expect(calls).toBe(1);
    expect(error).toBeDefined();
  });
});
