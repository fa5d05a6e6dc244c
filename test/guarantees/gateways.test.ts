import { describe, expect, test } from 'vitest';
import { send } from '../emulator/signed-request.js';
import { deliver, delivered, key, newObject, oldObject, setStage } from '../helpers/delivery.js';
import { afterwards, instead } from '../helpers/http-proxy.js';
import { ossAnswer } from '../hostile/hostile-answers.js';
import type { Treatment } from '../hostile/hostile-server.js';
import { endWith, openStream } from '../hostile/hostile-stream.js';

describe('a gateway that drops x-oss-object-type', () => {
  const withoutType = afterwards((answer) => {
    if (typeof answer === 'string') return answer;
    return { ...answer, headers: { ...answer.headers, 'x-oss-object-type': undefined } };
  });

  test.each([newObject, oldObject])('does not disturb the stream: $place', async ({ base }) => {
    const stage = await setStage(base);
    stage.proxy.intercept({ operation: 'head', nth: 1, times: 99 }, withoutType);
    stage.proxy.intercept({ operation: 'append', nth: 2 }, afterwards('reset'));
    expect(await deliver(stage)).toEqual(
      delivered({ base, retries: 0, reconciles: ['committed'] }),
    );
  });

  test('does not hide that OSS refuses to append to the object', async () => {
    const stage = await setStage();
    await send(stage.emulator, { method: 'PUT', key, body: 'normal' });
    stage.proxy.intercept({ operation: 'head', nth: 1, times: 99 }, withoutType);
    expect(await deliver(stage)).toMatchObject({
      error: { code: 'APPEND_ERR_NOT_APPENDABLE', key },
      object: 'normal',
      bytesWritten: 0,
      attempts: 1,
      retries: 0,
      uncommitted: { position: 6, confirmed: true },
    });
  });
});

describe('a gateway that refuses a large body', () => {
  const byteLength = 16 * 2 ** 20;

  /** Like nginx: answers after the request head, stops reading, and closes. */
  const tooLarge: Treatment = ({ method, socket }) => {
    if (method === 'HEAD') {
      socket.write(ossAnswer('404 Not Found'));
      return;
    }
    socket.pause();
    socket.end(
      'HTTP/1.1 413 Request Entity Too Large\r\nServer: nginx\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
  };

  test('ends the stream at once, and every byte is handed back as confirmed not stored', async () => {
    const { server, stream } = await openStream([tooLarge], {
      chunkSize: byteLength,
      retry: { retries: 2, minTimeout: 0, maxTimeout: 0 },
    });
    const end = await endWith(stream, Buffer.alloc(byteLength, 'a'));
    expect(end).toMatchObject({
      error: { code: 'APPEND_ERR_SERVICE', status: 413, bytesWritten: 0 },
      bytesWritten: 0,
      confirmed: true,
    });
    expect(end.error?.message).toBe(
      `Cannot append ${byteLength} bytes to "a.log" at position 0: something other than OSS answered 413; the body is larger than that server accepts: make 'chunkSize' smaller`,
    );
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'POST']);
    expect(stream.stats).toMatchObject({ attempts: 1, retries: 0 });
  });

  test('leaves a chunk unconfirmed that an earlier attempt may have stored', async () => {
    const stage = await setStage();
    const { proxy } = stage;
    proxy.intercept({ operation: 'append', nth: 2 }, instead('reset'));
    proxy.intercept({ operation: 'append', nth: 3 }, instead({ status: 413 }));
    expect(await deliver(stage)).toMatchObject({
      error: { code: 'APPEND_ERR_UNCONFIRMED', cause: { status: 413 } },
      object: 'aaaa',
      uncommitted: { confirmed: false },
    });
  });
});
