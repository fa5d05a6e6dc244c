import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { headText } from '../emulator/raw-connection.js';

const host = { host: 'localhost' };
const announced = { ...host, 'content-length': String(2 ** 30) };
const inChunks = { ...host, 'transfer-encoding': 'chunked' };
const target = '/examplebucket/a?append&position=0';
const read = headText('GET', '/examplebucket/big', host);

/** Points at which a client may stop forever, and the text that it has sent until then. */
const stops = {
  'before its first byte': '',
  'in the method': 'GE',
  'in its head': read.slice(0, -2),
  'before a body of a gibibyte': headText('POST', target, announced),
  'in a body of a gibibyte': `${headText('POST', target, announced)}x`,
  'before a body it waits to be asked for': headText('PUT', target, {
    ...announced,
    expect: '100-continue',
  }),
  'between two chunks': `${headText('POST', target, inChunks)}1\r\nx\r\n`,
  'in a body that is not read': `${headText('DELETE', '/examplebucket/b', announced)}x`,
  'in a body that was refused': `${headText('PUT', '/Examplebucket/b', announced)}x`,
  'in the next head': `${headText('HEAD', '/examplebucket/a', host)}HEAD`,
};

/** Requests whose answers are never read, one or many. */
const unread = { one: read, many: read.repeat(50) };

/**
 * Connects `counts[0]` clients that stop at each point, and `counts[1]` that do not read each
 * answer.
 */
export async function connectClients(
  emulator: Emulator,
  counts: readonly [number, number],
): Promise<Socket[]> {
  const { hostname, port } = new URL(emulator.endpoint);
  const texts = [stops, unread].flatMap((kinds, index) =>
    Object.values(kinds).flatMap((text) => Array<string>(counts[index] ?? 0).fill(text)),
  );
  const sockets = texts.map((text) => {
    const socket = connect(Number(port), hostname).pause();
    socket.on('error', () => {}); // The emulator may reset the connection.
    socket.write(text);
    return socket;
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}
