import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Connection } from '../../src/emulator/connection.js';

/** A connection without a peer, and what it has begun to answer. */
function openConnection() {
  const socket = new Socket();
  const connection = new Connection(socket);
  const begun: number[] = [];
  const requests: { incoming: IncomingMessage; response: ServerResponse }[] = [];
  return {
    socket,
    begun,
    requests,
    /** A request arrives, from its head to its end. */
    arrive: () => {
      const incoming = new IncomingMessage(socket);
      incoming.complete = true;
      const response = new ServerResponse(incoming);
      const index = requests.push({ incoming, response }) - 1;
      return connection.serve({ incoming, response }, async () => void begun.push(index));
    },
    /** The answer to request `index` is out. */
    answer: async (index: number) => {
      requests[index]?.response.emit('close');
      await setImmediate();
      await setImmediate();
    },
  };
}

describe('Connection.serve()', () => {
  test('begins with a request when the answer to the one before is out', async () => {
    const { arrive, answer, begun } = openConnection();
    const first = arrive();
    void arrive();
    void arrive();
    await setImmediate();
    expect(begun).toEqual([0]);

    await answer(0);
    await first;
    expect(begun).toEqual([0, 1]);

    await answer(1);
    expect(begun).toEqual([0, 1, 2]);
  });

  test('lets others have their turn before the next of those that came at once', async () => {
    const { arrive, answer, begun } = openConnection();
    void arrive();
    const second = arrive();
    await setImmediate();
    const begunThen = setImmediate().then(() => [...begun]);

    await answer(0);
    expect(await begunThen).toEqual([0]);
    expect(begun).toEqual([0, 1]);

    await answer(1);
    await second;
  });

  test('begins with none of those whose client has left', async () => {
    const { arrive, begun, socket } = openConnection();
    const served = [arrive(), arrive(), arrive()];
    await setImmediate();

    socket.destroy();
    await Promise.all(served);

    expect(begun).toEqual([0]);
  });

  test('stops reading at 16 requests without an answer, and goes on at 15', async () => {
    const { arrive, answer, socket } = openConnection();
    for (let count = 1; count <= 15; count++) void arrive();
    await setImmediate();
    expect(socket.isPaused()).toBe(false);

    void arrive();
    await setImmediate();
    expect(socket.isPaused()).toBe(true);

    await answer(0);
    expect(socket.isPaused()).toBe(false);
  });

  test('stays with that when a body is read, unless its end is still to come', async () => {
    const { arrive, requests, socket } = openConnection();
    for (let count = 1; count <= 16; count++) void arrive();
    await setImmediate();
    const newest = requests.at(-1)?.incoming;

    socket.resume();
    await once(socket, 'resume');
    expect(socket.isPaused()).toBe(true);

    if (newest !== undefined) newest.complete = false;
    socket.resume();
    await once(socket, 'resume');
    expect(socket.isPaused()).toBe(false);
  });
});
