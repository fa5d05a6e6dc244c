import { answer, endlessAnswer, five, flood, ossAnswer } from './hostile-answers.js';
import type { Row } from './hostile-client.js';

const piece = 'x'.repeat(64_000);
const padding = ' '.repeat(64_000);
const chunk = `fa00\r\n${piece}\r\n`;
const chunked = ossAnswer('200 OK', [five, 'transfer-encoding: chunked']);
const refusedInChunks = ossAnswer('500 Error', ['transfer-encoding: chunked']);

/** Every part of an answer that can be endless, sent as fast as possible. */
export const floods: readonly Row[] = [
  { scenario: 'status line', treatment: flood('HTTP/1.1 200 ', piece), verdict: 'unknown' },
  { scenario: 'header', treatment: flood('HTTP/1.1 200 OK\r\nx: ', piece), verdict: 'unknown' },
  {
    scenario: 'row of headers',
    treatment: flood('HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(1000)}\r\n`),
    verdict: 'unknown',
  },
  {
    scenario: 'space before a value',
    treatment: flood('HTTP/1.1 200 OK\r\nx:', padding),
    verdict: 'unknown',
  },
  {
    scenario: 'row of values after much space',
    treatment: flood('HTTP/1.1 200 OK\r\n', `x:${padding}y\r\n`),
    verdict: 'unknown',
  },
  { scenario: 'row of empty lines', treatment: flood('', '\r\n'.repeat(1000)), verdict: 'unknown' },
  {
    scenario: 'row of interim answers',
    treatment: flood('', String(answer('102 Processing', [])).repeat(1000)),
    verdict: 'unknown',
  },
  {
    scenario: 'body of a success',
    treatment: flood(endlessAnswer('200 OK', [five]), piece),
    verdict: 'success',
    get: 'unknown',
  },
  {
    scenario: 'row of chunks of a success',
    treatment: flood(chunked, chunk),
    verdict: 'success',
  },
  {
    scenario: 'body of a refusal',
    treatment: flood(endlessAnswer('503 Busy'), piece),
    verdict: 'unknown',
  },
  {
    scenario: 'row of chunks of a refusal',
    treatment: flood(refusedInChunks, chunk),
    verdict: 'unknown',
  },
  {
    scenario: 'row of small chunks with long extensions',
    treatment: flood(refusedInChunks, `1;${piece}\r\nx\r\n`),
    verdict: 'unknown',
  },
  {
    scenario: 'extension of a chunk',
    treatment: flood(`${refusedInChunks}1;`, piece),
    verdict: 'unknown',
  },
  {
    scenario: 'row of trailers after much space',
    treatment: flood(`${refusedInChunks}0\r\n`, `x:${padding}y\r\n`),
    verdict: 'unknown',
  },
];
