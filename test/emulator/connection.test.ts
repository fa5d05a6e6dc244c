import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Connection } from '../../src/emulator/connection.js';

/** A connection without a peer, and the requests that it has started to answer. */
function openConnection() {
  const socket = new Socket();
  const connection = new Connection(socket);
  const begun: number[] = [];
  const requests: { incoming: IncomingMessage; response: ServerResponse }[] = [];
  return {
    socket,
    begun,
    requests,
    /** Simulates the arrival of a request, from its head to its end. */
    arrive: () => {
      const incoming = new IncomingMessage(socket);
      incoming.complete = true;
      const response = new ServerResponse(incoming);
      const index = requests.push({ incoming, response }) - 1;
      return connection.serve({ incoming, response }, async () => void begun.push(index));
    },
    /** Simulates that the answer to request `index` is sent. */
    answer: async (index: number) => {
      requests[index]?.response.emit('close');
      await setImmediate();
      await setImmediate();
    },
  };
}

describe('Connection.serve()', () => {
  test('starts a request when the answer to the previous one is sent', async () => {
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

  test('yields to the event loop between pipelined requests', async () => {
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

  test('starts no request of a client that has left', async () => {
    const { arrive, begun, socket } = openConnection();
    const served = [arrive(), arrive(), arrive()];
    await setImmediate();

    socket.destroy();
    await Promise.all(served);

    expect(begun).toEqual([0]);
  });

  test('pauses reading at 16 unanswered requests, and resumes at 15', async () => {
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

  test('stays paused when a body is read, unless the body is incomplete', async () => {
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
