import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ObjectState } from '../../src/append/append-client.js';
import { ObjectProbe, type Whereabouts } from '../../src/append/object-probe.js';
import { RequestRunner } from '../../src/append/request-runner.js';
import { loadCrc64 } from '../../src/crc64.js';
import { NotAppendableError } from '../../src/errors.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import {
  answer,
  answerWith,
  applyThenFail,
  type Behaviour,
  failure,
  failWith,
  hang,
  ScriptedClient,
} from './scripted-client.js';

const crc64 = await loadCrc64();
const creation = { contentType: 'text/plain' };

/** A chunk of 5 bytes at position 4. */
const around: Whereabouts = { guess: 9, least: 4, greatest: 9, create: undefined };
const atStart: Whereabouts = { guess: 5, least: 0, greatest: 5, create: creation };

function inquiryOf(client: ScriptedClient) {
  const { signal } = new AbortController();
  const request = { requestPayer: 'requester' } as const;
  const requests = new RequestRunner({ signal, requestTimeout: 1000, request });
  return new ObjectProbe(client, requests);
}

function writeOnly(contents?: string): ScriptedClient {
  const client = new ScriptedClient(contents);
  client.refusesReading = true;
  return client;
}

const stateOf = (text: string) => ({
  length: text.length,
  crc64: crc64(Buffer.from(text)),
  appendable: true,
  sealed: false,
});

describe('ObjectProbe.ask()', () => {
  test('resolves with the state that HEAD returns', async () => {
    const client = new ScriptedClient('head');

    await expect(inquiryOf(client).ask('a.log', around)).resolves.toEqual({
      ...stateOf('head'),
      objectType: 'Appendable',
    });
    expect(client.calls).toEqual(['head']);
    expect(client.options[0]).toMatchObject({ requestPayer: 'requester' });
    expect(client.options[0]?.signal).toBeInstanceOf(AbortSignal);
  });

  test('resolves with undefined, and creates no object, if it does not exist', async () => {
    const client = new ScriptedClient();

    await expect(inquiryOf(client).ask('a.log', atStart)).resolves.toBeUndefined();
    expect(client.calls).toEqual(['head']);
    expect(client.object).toBeUndefined();
  });

  test.each([
    { scenario: 'rejected', thrown: failure.rejected() },
    { scenario: 'an answered unknown', thrown: failure.answered() },
    { scenario: 'an unanswered unknown', thrown: failure.unanswered() },
    { scenario: 'a conflict', thrown: failure.conflict(4) },
    { scenario: 'fatal', thrown: failure.fatal() },
    { scenario: 'an error without outcome', thrown: new TypeError('a bug') },
    { scenario: 'garbage', thrown: 'garbage' },
  ])(
    'rejects with the error of HEAD, without an append of 0 bytes: $scenario',
    async ({ thrown }) => {
      const client = new ScriptedClient('head').script('head', failWith(thrown));

      await expect(inquiryOf(client).ask('a.log', around)).rejects.toBe(thrown);
      expect(client.calls).toEqual(['head']);
    },
  );

  test('rejects when the client returns null instead of undefined', async () => {
    const client = new ScriptedClient().script('head', () => null);

    await expect(inquiryOf(client).ask('a.log', around)).rejects.toThrow(
      'The client returned undefined as the length of the object',
    );
  });

  test.each([
    ...[Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY].map((value) => ({ value, shown: value })),
    { value: 'bytes of the stream', shown: '(string)' },
    { value: Buffer.from('bytes of the stream'), shown: '(object)' },
    { value: Symbol('bytes of the stream'), shown: '(symbol)' },
  ])(
    'rejects when the client returns $shown as the length of the object',
    async ({ value, shown }) => {
      const length = value as number;
      const client = new ScriptedClient('head').script('head', answerWith({ length }));

      await expect(inquiryOf(client).ask('a.log', around)).rejects.toThrow(
        `The client returned ${shown} as the length of the object`,
      );
    },
  );

  test('rejects a HEAD without an answer when its time is up', async () => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const client = new ScriptedClient('head').script('head', hang);
    const asking = expect(inquiryOf(client).ask('a.log', around)).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await vi.advanceTimersByTimeAsync(1000);

    await asking;
  });

  test('rejects with the error of a forbidden HEAD if called without whereabouts', async () => {
    const client = writeOnly('head');
    const probe = inquiryOf(client);

    await expect(probe.ask('a.log', undefined)).rejects.toMatchObject({ outcome: 'forbidden' });
    await expect(probe.ask('a.log', undefined)).rejects.toMatchObject({ outcome: 'forbidden' });
    expect(client.calls).toEqual(['head', 'head']);
  });
});

describe('ObjectProbe.ask() without HEAD', () => {
  test('appends 0 bytes at the most likely length, and takes the state from the answer', async () => {
    const client = writeOnly('headchunk');

    await expect(inquiryOf(client).ask('a.log', around)).resolves.toEqual(stateOf('headchunk'));
    expect(client.calls).toEqual(['head', 'append 9+0']);
    expect(client.options[1]).toMatchObject({ requestPayer: 'requester' });
    expect(client.contents).toBe('headchunk');
  });

  test('tries HEAD only once', async () => {
    const client = writeOnly('headchunk');
    const probe = inquiryOf(client);
    await probe.ask('a.log', around);
    await probe.ask('a.log', around);

    expect(client.calls).toEqual(['head', 'append 9+0', 'append 9+0']);
  });

  test('tries HEAD again when called without whereabouts', async () => {
    const client = writeOnly('headchunk');
    const probe = inquiryOf(client);
    await probe.ask('a.log', around);

    await expect(probe.ask('a.log', undefined)).rejects.toMatchObject({ outcome: 'forbidden' });
    expect(client.calls).toEqual(['head', 'append 9+0', 'head']);
  });

  test.each([
    { scenario: 'the least of the range', contents: 'head' },
    { scenario: 'one within the range', contents: 'headch' },
  ])(
    'appends 0 bytes again at the length that the refusal names: $scenario',
    async ({ contents }) => {
      const client = writeOnly(contents);

      await expect(inquiryOf(client).ask('a.log', around)).resolves.toEqual(stateOf(contents));
      expect(client.calls).toEqual(['head', 'append 9+0', `append ${contents.length}+0`]);
    },
  );

  test('appends 0 bytes again at the greatest length of the range', async () => {
    const client = writeOnly('headchunk');
    const asking = inquiryOf(client).ask('a.log', { ...around, guess: 4 });

    await expect(asking).resolves.toEqual(stateOf('headchunk'));
    expect(client.calls).toEqual(['head', 'append 4+0', 'append 9+0']);
  });

  test.each([
    { scenario: 'shorter than the range', contents: 'hea' },
    { scenario: 'longer than the range', contents: 'headchunk+' },
    { scenario: 'gone', contents: undefined },
  ])('sends no second append when the object is $scenario', async ({ contents }) => {
    const client = writeOnly(contents);

    await expect(inquiryOf(client).ask('a.log', around)).resolves.toEqual({
      length: contents?.length ?? 0,
      appendable: true,
      sealed: false,
    });
    expect(client.calls).toEqual(['head', 'append 9+0']);
    expect(client.contents).toBe(contents);
  });

  test.each([
    { scenario: 'without a length', thrown: failure.conflict() },
    { scenario: 'with an impossible length', thrown: failure.conflict(-1) },
    { scenario: 'with the position of the append', thrown: failure.conflict(9) },
  ])('rejects with the error of a conflict $scenario', async ({ thrown }) => {
    const client = writeOnly('head').script('append', failWith(thrown));

    await expect(inquiryOf(client).ask('a.log', around)).rejects.toBe(thrown);
    expect(client.calls).toEqual(['head', 'append 9+0']);
  });

  test('rejects with a second conflict, when the object grew between the appends', async () => {
    const client = writeOnly('head').script('append', answer, ({ client, apply }) => {
      client.strangerAppends('!');
      return apply();
    });

    await expect(inquiryOf(client).ask('a.log', around)).rejects.toMatchObject({
      outcome: 'conflict',
      actualLength: 5,
    });
    expect(client.calls).toEqual(['head', 'append 9+0', 'append 4+0']);
  });

  test.each([
    { scenario: 'forbidden', thrown: failure.forbidden() },
    { scenario: 'fatal', thrown: failure.fatal() },
    { scenario: 'rejected', thrown: failure.rejected() },
    { scenario: 'unanswered', thrown: failure.unanswered() },
    { scenario: 'garbage', thrown: undefined },
  ])('rejects with the error of the append: $scenario', async ({ thrown }) => {
    const client = writeOnly('headchunk').script('append', failWith(thrown));

    await expect(inquiryOf(client).ask('a.log', around)).rejects.toBe(thrown);
    expect(client.calls).toEqual(['head', 'append 9+0']);
  });

  test.each([
    { scenario: 'another position', answer: answerWith({ nextPosition: 10 }), shown: '10' },
    { scenario: 'nothing', answer: () => undefined, shown: 'undefined' },
    {
      scenario: 'bytes',
      answer: () => ({ nextPosition: Buffer.from('bytes') }),
      shown: '(object)',
    },
  ])('rejects an answer that names $scenario', async ({ answer, shown }) => {
    const client = writeOnly('headchunk').script('append', answer);

    await expect(inquiryOf(client).ask('a.log', around)).rejects.toThrow(
      `The answer to an append of 0 bytes at position 9 names ${shown} as the next position`,
    );
  });

  test('leaves the checksum out if the store does not return it', async () => {
    const client = writeOnly('headchunk');
    client.tellsCrc64 = false;

    await expect(inquiryOf(client).ask('a.log', around)).resolves.toEqual({
      ...stateOf('headchunk'),
      crc64: undefined,
    });
  });

  test('sends the creation options with an append at 0, which creates the object', async () => {
    const client = writeOnly();

    await expect(inquiryOf(client).ask('a.log', atStart)).resolves.toEqual(stateOf(''));
    expect(client.calls).toEqual(['head', 'append 5+0', 'append 0+0']);
    expect(client.object?.creation).toEqual(creation);
  });

  test('sends the creation options with an append at 0 only', async () => {
    const client = writeOnly();
    await inquiryOf(client).ask('a.log', atStart);

    expect(client.options.map(({ create }) => create)).toEqual([undefined, undefined, creation]);
  });

  test('appends at 0 first if that is the most likely length', async () => {
    const client = writeOnly();
    const anywhere = { guess: 0, least: 0, greatest: Number.POSITIVE_INFINITY, create: creation };

    await expect(inquiryOf(client).ask('a.log', anywhere)).resolves.toEqual(stateOf(''));
    expect(client.calls).toEqual(['head', 'append 0+0']);
    expect(client.object?.creation).toEqual(creation);
  });

  test('finds any length if the range is unlimited', async () => {
    const client = writeOnly('a longer text');
    const anywhere = { guess: 0, least: 0, greatest: Number.POSITIVE_INFINITY, create: creation };

    await expect(inquiryOf(client).ask('a.log', anywhere)).resolves.toEqual(
      stateOf('a longer text'),
    );
    expect(client.calls).toEqual(['head', 'append 0+0', 'append 13+0']);
  });

  test.each<{ scenario: string; behaviour: Behaviour }>([
    { scenario: 'did not arrive', behaviour: failWith(failure.unanswered()) },
    { scenario: 'arrived', behaviour: applyThenFail(failure.unanswered()) },
  ])('works again after an append without an answer that $scenario', async ({ behaviour }) => {
    const client = writeOnly('headchunk').script('append', behaviour);
    const probe = inquiryOf(client);

    await expect(probe.ask('a.log', around)).rejects.toMatchObject({ outcome: 'unknown' });
    await expect(probe.ask('a.log', around)).resolves.toEqual(stateOf('headchunk'));
  });

  test('rejects an append without an answer when its time is up', async () => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const client = writeOnly('head').script('append', hang);
    const asking = expect(inquiryOf(client).ask('a.log', around)).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await vi.advanceTimersByTimeAsync(1000);

    await asking;
  });
});

describe('ObjectProbe.find()', () => {
  test('resolves with the state that HEAD returns, or with undefined', async () => {
    const client = new ScriptedClient('head');

    await expect(inquiryOf(client).find('a.log')).resolves.toMatchObject(stateOf('head'));
    await expect(inquiryOf(new ScriptedClient()).find('a.log')).resolves.toBeUndefined();
    expect(client.calls).toEqual(['head']);
  });

  test('rejects with the error of HEAD unless that is forbidden', async () => {
    const client = new ScriptedClient('head').script('head', failWith(failure.answered()));

    await expect(inquiryOf(client).find('a.log')).rejects.toMatchObject({ outcome: 'unknown' });
    expect(client.calls).toEqual(['head']);
  });

  test.each([
    {
      scenario: 'an object',
      contents: 'head',
      found: { length: 4, appendable: true, sealed: false },
    },
    { scenario: 'no object', contents: undefined, found: undefined },
    { scenario: 'an empty object', contents: '', found: undefined },
  ])('finds $scenario by the refusal of an append where HEAD is forbidden', async (row) => {
    const client = writeOnly(row.contents);
    const probe = inquiryOf(client);

    await expect(probe.find('a.log')).resolves.toEqual(row.found);
    await probe.find('a.log');
    const append = `append ${5 * 2 ** 30}+0`;
    expect(client.calls).toEqual(['head', append, append]);
    expect(client.contents).toBe(row.contents);
  });

  test('finds an object of another type, or a sealed one, where HEAD is forbidden', async () => {
    const error = new NotAppendableError('no', { key: 'a.log', objectType: 'Normal' });
    const client = writeOnly('head').script('append', failWith(error));

    await expect(inquiryOf(client).find('a.log')).resolves.toEqual({
      length: 0,
      appendable: false,
      sealed: false,
      objectType: 'Normal',
    });
  });

  test.each([
    { scenario: 'a conflict without a length', thrown: failure.conflict() },
    { scenario: 'an unanswered append', thrown: failure.unanswered() },
    { scenario: 'a forbidden append', thrown: failure.forbidden() },
  ])('rejects with the error of $scenario', async ({ thrown }) => {
    const client = writeOnly('head').script('append', failWith(thrown));

    await expect(inquiryOf(client).find('a.log')).rejects.toBe(thrown);
  });
});

describe('ObjectProbe.complete()', () => {
  test('asks nothing where HEAD is allowed', async () => {
    const client = new ScriptedClient('head');
    const probe = inquiryOf(client);
    const found = (await probe.find('a.log')) as ObjectState;

    await expect(probe.complete('a.log', found)).resolves.toBe(found);
    expect(client.calls).toEqual(['head']);
  });

  test.each([
    { scenario: 'as it was found', appended: '', calls: ['append 4+0'] },
    { scenario: 'longer by now', appended: 'more', calls: ['append 4+0', 'append 8+0'] },
  ])('adds the checksum of an object that is $scenario', async ({ appended, calls }) => {
    const client = writeOnly('head');
    const probe = inquiryOf(client);
    const found = (await probe.find('a.log')) as ObjectState;
    client.strangerAppends(appended);
    client.calls.length = 0;

    await expect(probe.complete('a.log', found)).resolves.toEqual(stateOf(`head${appended}`));
    expect(client.calls).toEqual(calls);
  });

  test('does not create an object again that is gone', async () => {
    const client = writeOnly('head');
    const probe = inquiryOf(client);
    const found = (await probe.find('a.log')) as ObjectState;
    client.object = undefined;

    await expect(probe.complete('a.log', found)).resolves.toMatchObject({ length: 0 });
    expect(client.object).toBeUndefined();
  });
});
