import { describe, expect, test } from 'vitest';
import { ChunkDelivery } from '../../../src/append/delivery/chunk-delivery.js';
import { FrozenChunk } from '../../../src/append/delivery/frozen-chunk.js';
import { ObjectProbe } from '../../../src/append/object-probe.js';
import { RequestRunner } from '../../../src/append/request-runner.js';
import { ChecksumError, DivergedError } from '../../../src/errors.js';
import {
  answer,
  answerWith,
  type Behaviour,
  failure,
  failWith,
  preceded,
  ScriptedClient,
} from '../scripted-client.js';
import {
  crc64,
  crcOf,
  creation,
  deliver,
  head,
  immediately,
  prepare,
  silent,
  strangerAppends,
} from './chunk-delivery-setup.js';

describe('ChunkDelivery.run() when the append succeeds', () => {
  test('commits the chunk with one append', async () => {
    const { error, client, calls, log, commits, delivery } = await deliver(head());

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual(['append 4+5']);
    expect(log).toEqual(['attempted', 'sent', 'committed 5']);
    expect(commits).toEqual([
      {
        key: 'a.log',
        start: 4,
        end: 9,
        target: { key: 'a.log', position: 9, crc64: crcOf('headchunk'), exists: true },
        attempts: 1,
        requestId: 'request-1',
      },
    ]);
    expect([delivery.status, delivery.mayHaveLanded, delivery.isAbandoned]).toEqual([
      'settled',
      false,
      false,
    ]);
  });

  test('creates the object with the first append, and sends the creation options', async () => {
    const { error, client } = await deliver(new ScriptedClient(), { before: undefined });

    expect(error).toBeUndefined();
    expect(client.contents).toBe('chunk');
    expect(client.object?.creation).toEqual(creation);
  });

  test('sends no creation options for an existing object', async () => {
    const { client } = await deliver(new ScriptedClient(''), { before: '' });

    expect(client.options[0]?.create).toBeUndefined();
  });

  test('creates an empty object with an empty chunk', async () => {
    const { error, client, commits } = await deliver(new ScriptedClient(), {
      before: undefined,
      chunk: '',
    });

    expect(error).toBeUndefined();
    expect(client.contents).toBe('');
    expect(commits).toMatchObject([{ start: 0, end: 0, target: { position: 0, crc64: 0n } }]);
  });

  test('sends the request options with every request', async () => {
    const request = { requestPayer: 'requester', trafficLimit: 819_200 } as const;
    const { client } = await deliver(head(), { request });

    expect(client.options[0]).toMatchObject(request);
  });

  test('computes the checksum while the request is in flight, after a turn of the event loop', async () => {
    const order: string[] = [];
    const client = head().script('append', ({ apply }) => {
      order.push('append');
      return new Promise((resolve) => {
        setImmediate(() => {
          order.push('answer');
          resolve(apply());
        });
      });
    });
    const chunk = new FrozenChunk(
      { key: 'a.log', position: 4, crc64: crcOf('head'), exists: true },
      Buffer.from('chunk'),
      (bytes) => {
        order.push('checksum');
        return crc64(bytes);
      },
    );
    const nothing = () => {};
    const onBodyTaken = (byteLength: number, resume: () => void) => {
      order.push(`turn for ${byteLength}`);
      resume();
    };
    Object.assign(client, { onBodyTaken });
    const { signal } = new AbortController();
    const requests = new RequestRunner({ signal, requestTimeout: 1000, request: {} });
    const delivery = new ChunkDelivery(
      chunk,
      {
        client,
        create: {},
        requests,
        crc64,
        isMovable: false,
        isShared: false,
        sharedSize: Number.POSITIVE_INFINITY,
        retry: immediately,
        verify: 'crc64',
        signal,
        probe: new ObjectProbe(client, requests),
      },
      {
        attempted: nothing,
        conflicted: nothing,
        sent: () => order.push('sent'),
        committed: nothing,
        retrying: nothing,
        reconciled: nothing,
      },
    );
    await delivery.run();

    expect(order).toEqual(['append', 'turn for 5', 'sent', 'checksum', 'answer']);
  });

  test('calls sent() once, for the first append', async () => {
    const { log } = await deliver(head().script('append', failWith(failure.rejected())));

    expect(log).toEqual(['attempted', 'sent', 'retrying', 'attempted', 'committed 5']);
  });
});

describe('ChunkDelivery.run() and the receipt', () => {
  test('commits without verification, and combines the checksum itself, if the store returns none', async () => {
    const { error, calls, commits } = await deliver(silent('head'));

    expect(error).toBeUndefined();
    expect(calls).toEqual(['append 4+5']);
    expect(commits[0]?.target.crc64).toBe(crcOf('headchunk'));
  });

  test("combines the checksum itself with verify 'none' too, if the store returns none", async () => {
    const { commits } = await deliver(silent('head'), { verify: 'none' });

    expect(commits[0]?.target.crc64).toBe(crcOf('headchunk'));
  });

  test.each(['crc64', 'none'] as const)(
    'takes an unknown checksum from the receipt, with verify %s',
    async (verify) => {
      const { commits } = await deliver(head(), { knowsCrc64: false, verify });

      expect(commits[0]?.target.crc64).toBe(crcOf('headchunk'));
    },
  );

  test('leaves the checksum unknown if the store never returns one', async () => {
    const { error, commits } = await deliver(silent('head'), { knowsCrc64: false });

    expect(error).toBeUndefined();
    expect(commits[0]?.target.crc64).toBeUndefined();
  });

  test.each([
    { scenario: 'wrong', actual: 42n },
    { scenario: 'zero', actual: 0n },
  ])('throws ChecksumError without a probe when the checksum is $scenario', async ({ actual }) => {
    const client = head().script('append', answerWith({ crc64: actual }));
    const { error, calls, commits, retries, delivery } = await deliver(client);

    expect(error).toBeInstanceOf(ChecksumError);
    expect(error).toMatchObject({
      key: 'a.log',
      expected: crcOf('headchunk'),
      actual,
      message: `Cannot trust the append of 5 bytes to "a.log" at position 4: the CRC-64 of the object is ${actual} instead of ${crcOf('headchunk')}`,
    });
    expect(calls).toEqual(['append 4+5']);
    expect([commits, retries]).toEqual([[], []]);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws ChecksumError when another object of the same length has replaced the one before', async () => {
    const { error } = await deliver(new ScriptedClient('HEAD'));

    expect(error).toBeInstanceOf(ChecksumError);
  });

  test("accepts any checksum with verify 'none'", async () => {
    const client = head().script('append', answerWith({ crc64: 42n }));
    const { error, commits } = await deliver(client, { verify: 'none' });

    expect(error).toBeUndefined();
    expect(commits[0]?.target.crc64).toBe(42n);
  });

  test("reconciles by checksum with verify 'none' too", async () => {
    const client = head()
      .script('append', failWith(failure.unanswered()))
      .script('head', preceded(strangerAppends('other')));
    const { error } = await deliver(client, { verify: 'none' });

    expect(error).toBeInstanceOf(DivergedError);
  });

  test.each<{ scenario: string; behaviour: Behaviour }>([
    { scenario: 'the old position', behaviour: answerWith({ nextPosition: 4 }) },
    { scenario: 'one byte too few', behaviour: answerWith({ nextPosition: 8 }) },
    { scenario: 'one byte too many', behaviour: answerWith({ nextPosition: 10 }) },
    { scenario: 'no number', behaviour: answerWith({ nextPosition: Number.NaN }) },
    {
      scenario: 'no position',
      behaviour: ({ apply }) => {
        apply();
      },
    },
  ])('probes the object when the receipt names $scenario', async ({ behaviour }) => {
    const { error, client, calls, log } = await deliver(head().script('append', behaviour));

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual(['append 4+5', 'head']);
    expect(log).toEqual(['attempted', 'sent', 'committed at 4', 'committed 5']);
  });

  test.each([
    { nextPosition: 0, shown: '0' },
    { nextPosition: undefined, shown: 'undefined' },
    { nextPosition: Buffer.from('bytes of the stream'), shown: '(object)' },
  ])(
    'shows the next position of a wrong receipt if it is a number, else its type: $shown',
    async (receipt) => {
      const client = head().script(
        'append',
        () => receipt,
        () => receipt,
      );
      const { retries } = await deliver(client);

      expect(retries[0]?.error.message).toBe(
        `The answer names ${receipt.shown} as the next position`,
      );
    },
  );

  test('appends again when the receipt was wrong and the object lacks the chunk', async () => {
    const client = head().script('append', () => ({ nextPosition: 0 }));
    const { error, calls } = await deliver(client);

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual(['append 4+5', 'head', 'head', 'append 4+5']);
  });
});
describe('ChunkDelivery.status', () => {
  test('names the request in flight', async () => {
    const seen: string[] = [];
    const note =
      (behaviour: Behaviour): Behaviour =>
      (call) => {
        seen.push(delivery.status);
        return behaviour(call);
      };
    const client = head()
      .script('append', note(failWith(failure.unanswered())), note(answer))
      .script('head', note(answer), note(answer));
    const { delivery, settled } = prepare(client);
    await settled();

    expect(seen).toEqual(['appending', 'reconciling', 'reconciling', 'appending']);
    expect(delivery.status).toBe('settled');
  });
});
