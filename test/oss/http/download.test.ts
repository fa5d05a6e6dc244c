import { text } from 'node:stream/consumers';
import type { Dispatcher } from 'undici';
import { expect, test, vi } from 'vitest';
import { ConnectionReuse } from '../../../src/oss/connections/connection-reuse.js';
import { download } from '../../../src/oss/http/download.js';
import type { HttpRequest } from '../../../src/oss/http/message.js';

const request: HttpRequest = {
  origin: 'http://127.0.0.1:1',
  method: 'GET',
  path: '/logs/a.log',
  headers: [],
  describe: () => 'read "a.log"',
};

test('download() pauses and resumes a dispatcher itself if it does not publish its socket', async () => {
  const controller = { pause: vi.fn(), resume: vi.fn(), abort: vi.fn() };
  const answer = { controller: controller as unknown as Dispatcher.DispatchController };
  const piece = 'x'.repeat(100_000);
  const dispatcher = {
    tellsStart: true,
    wasRead: true,
    isClosed: false,
    reuse: new ConnectionReuse(),
    dispatch(_: unknown, handler: Dispatcher.DispatchHandler) {
      handler.onRequestStart?.(answer.controller, undefined);
      handler.onResponseStart?.(answer.controller, 200, {}, 'OK');
      handler.onResponseData?.(answer.controller, Buffer.from(piece));
      controller.resume.mockImplementation(() => {
        handler.onResponseEnd?.(answer.controller, {});
      });
      return true;
    },
  };
  const { signal } = new AbortController();
  const { stream } = await download(dispatcher, request, { signal, idleTimeout: 1000 });
  expect(controller.pause).toHaveBeenCalledOnce();
  expect(controller.resume).not.toHaveBeenCalled();

  expect(await text(stream)).toBe(piece);
  expect(controller.resume).toHaveBeenCalledOnce();
});
