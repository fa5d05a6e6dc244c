import { expect, test } from 'vitest';
import { checkSample } from './check-sample.js';

const memory = { at: 0, heapUsed: 0, external: 0, arrayBuffers: 0, rss: 0, slabs: 0 };
const held = { handles: { Timeout: 2, PipeWrap: 1 }, listeners: 6, streams: 10, clients: 1 };
const expected = { ...held, mostSockets: 4 };
const sample = { ...memory, ...held, sockets: 4 };

test('checkSample() finds no problem in the expected resources', () => {
  expect(checkSample(sample, expected)).toEqual([]);
  expect(checkSample({ ...sample, sockets: 0 }, expected)).toEqual([]);
});

test.each([
  {
    change: { handles: { ...held.handles, Timeout: 3 } },
    problem: '3 active Timeout instead of 2',
  },
  { change: { handles: { PipeWrap: 1 } }, problem: '0 active Timeout instead of 2' },
  {
    change: { handles: { ...held.handles, TCPSocketWrap: 1 } },
    problem: '1 active TCPSocketWrap instead of 0',
  },
  { change: { sockets: 5 }, problem: '5 open connections instead of at most 4' },
  { change: { listeners: 7 }, problem: '7 listeners of the shared signal instead of 6' },
  { change: { streams: 11 }, problem: '11 streams in memory instead of 10' },
  { change: { clients: 2 }, problem: '2 clients in memory instead of 1' },
])('checkSample() reports $problem', ({ change, problem }) => {
  expect(checkSample({ ...sample, ...change }, expected)).toEqual([problem]);
});
