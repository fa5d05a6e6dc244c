import { describe, expect, test } from 'vitest';
import { answer, ossAnswer, say, signedOff } from './hostile-answers.js';
import type { Treatment } from './hostile-server.js';
import { endWith, openStream } from './hostile-stream.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

const one = 'x-oss-next-append-position: 1';
const appendable = 'x-oss-object-type: Appendable';

/** Answers everything with next position 1, and HEAD with an empty Content-Length. */
const always: Treatment = ({ method, ...request }) =>
  method === 'HEAD'
    ? say(answer('200 OK', [signedOff, one, appendable, 'content-length:']))({ method, ...request })
    : say(ossAnswer('200 OK', [one]))({ method, ...request });

/** The same, with a readable answer to HEAD. */
const alwaysReadable = say(ossAnswer('200 OK', [one, appendable, 'content-length: 0']));
const noObject = say(ossAnswer('404 Not Found', ['content-length: 0']));
const forbidden = say(ossAnswer('403 Forbidden', ['content-length: 0']));

describe('a server that answers everything with position 1 and HEAD with an empty Content-Length', () => {
  test.each([1, 2, 64 * 1024])('makes opening fail, with chunks of %d', async (chunkSize) => {
    const { stream, server } = await openStream([always], { chunkSize });
    expect(await endWith(stream, Buffer.from('abc'))).toMatchObject({
      error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', attempts: 3 },
      bytesWritten: 0,
      confirmed: true,
    });
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'HEAD']);
  });

  test('makes opening fail if HEAD is forbidden', async () => {
    const { stream, server } = await openStream([forbidden, always]);
    expect(await endWith(stream, Buffer.from('abc'))).toMatchObject({
      error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED' },
      bytesWritten: 0,
    });
    expect(server.requests.slice(1).every(({ target }) => target.includes('position=0'))).toBe(
      true,
    );
  });

  test.each([
    { data: '', chunkSize: 1, bytesWritten: 0, code: 'APPEND_ERR_UNCONFIRMED' },
    { data: 'a', chunkSize: 1, bytesWritten: 1, code: undefined },
    { data: 'a', chunkSize: 2, bytesWritten: 1, code: undefined },
    { data: 'a', chunkSize: 64 * 1024, bytesWritten: 1, code: undefined },
    { data: 'ab', chunkSize: 1, bytesWritten: 1, code: 'APPEND_ERR_UNCONFIRMED' },
    { data: 'ab', chunkSize: 2, bytesWritten: 0, code: 'APPEND_ERR_UNCONFIRMED' },
    { data: 'abc', chunkSize: 2, bytesWritten: 0, code: 'APPEND_ERR_UNCONFIRMED' },
    { data: 'abc', chunkSize: 64 * 1024, bytesWritten: 0, code: 'APPEND_ERR_UNCONFIRMED' },
  ])(
    'after an object that does not exist: "$data" in chunks of $chunkSize commits $bytesWritten',
    async ({ data, chunkSize, bytesWritten, code }) => {
      const { stream } = await openStream([noObject, always], { chunkSize });
      expect(await endWith(stream, Buffer.from(data))).toMatchObject({
        bytesWritten,
        isFinished: code === undefined,
        ...(code !== undefined && { error: { code } }),
        confirmed: code === undefined || data === '' ? undefined : false,
      });
    },
  );
});

describe('a server that answers everything with position 1', () => {
  test.each([
    { data: 'a', chunkSize: 1, bytesWritten: 1, code: undefined },
    { data: 'ab', chunkSize: 1, bytesWritten: 1, code: 'APPEND_ERR_UNCONFIRMED' },
    { data: 'ab', chunkSize: 2, bytesWritten: 0, code: 'APPEND_ERR_UNCONFIRMED' },
  ])(
    'after an object that does not exist: "$data" in chunks of $chunkSize commits $bytesWritten',
    async ({ data, chunkSize, bytesWritten, code }) => {
      const { stream } = await openStream([noObject, alwaysReadable], { chunkSize });
      expect(await endWith(stream, Buffer.from(data))).toMatchObject({
        bytesWritten,
        isFinished: code === undefined,
        ...(code !== undefined && { error: { code } }),
      });
    },
  );

  test('is believed when it opens at position 1, and the first append stays unconfirmed', async () => {
    const { stream } = await openStream([alwaysReadable]);
    expect(await endWith(stream, Buffer.from('ab'))).toMatchObject({
      error: { code: 'APPEND_ERR_UNCONFIRMED' },
      bytesWritten: 0,
    });
    expect(stream.position).toBe(1);
  });
});
