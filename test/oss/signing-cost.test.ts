import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, expect, test, vi } from 'vitest';
import { appendRequest } from '../../src/oss/request/oss-request.js';
import { RequestSigner } from '../../src/oss/signing/request-signer.js';
import { ServiceClock } from '../../src/oss/signing/service-clock.js';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

const appends = 100;

/** HMACs to derive the key of a day. */
const derivation = 4;

/** Requests that are presigned and never sent. */
const mostUnused = 4;

/** Signs successive appends, each with an options object of its own, as a stream passes it. */
function signAll(options: object): void {
  const signer = new RequestSigner({
    bucket: 'examplebucket',
    region: 'cn-hangzhou',
    pathPrefix: '/',
    // Fixed, because requests share headers within one second.
    clock: Object.assign(new ServiceClock(), { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) }),
  });
  const credentials = { accessKeyId: 'ak', accessKeySecret: 'sk' };
  const body = new Uint8Array(10);
  for (let index = 0; index < appends; index++) {
    const target = { key: 'a.log', position: index * body.byteLength };
    signer.sign(appendRequest(target, body, { ...options }), credentials);
    signer.signAhead('a.log', credentials);
  }
}

test.each([
  ['no options', {}],
  ["'requestPayer'", { requestPayer: 'requester' }],
  ["'trafficLimit'", { trafficLimit: 819_200 }],
  ['both', { requestPayer: 'requester', trafficLimit: 819_200 }],
])('successive appends are signed only once each with %s', (_what, options) => {
  const createHmac = vi.spyOn(crypto, 'createHmac');
  // Updates the named imports of node:crypto.
  syncBuiltinESMExports();
  signAll(options);

  expect(createHmac.mock.calls.length).toBeGreaterThanOrEqual(appends + derivation);
  expect(createHmac.mock.calls.length).toBeLessThanOrEqual(appends + derivation + mostUnused);
});
