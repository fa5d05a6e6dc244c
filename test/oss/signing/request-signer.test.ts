import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { appendRequest, headRequest } from '../../../src/oss/request/oss-request.js';
import { RequestSigner } from '../../../src/oss/signing/request-signer.js';
import { ServiceClock } from '../../../src/oss/signing/service-clock.js';
import { useFakeTimers, useRealTimers } from '../../helpers/fake-timers.js';

const credentials = { accessKeyId: 'ak', accessKeySecret: 'sk' };
const body = new Uint8Array(10);

function signer(): RequestSigner {
  return new RequestSigner({
    bucket: 'examplebucket',
    region: 'cn-hangzhou',
    pathPrefix: '/',
    clock: new ServiceClock(),
  });
}

function append(position: number, options = {}) {
  return appendRequest({ key: 'a.log', position }, body, options);
}

/** The signing time in a request's headers. */
function dateOf({ headers }: { readonly headers: readonly string[] }): string | undefined {
  return headers[headers.indexOf('x-oss-date') + 1];
}

describe('RequestSigner', () => {
  beforeEach(() => {
    useFakeTimers({ now: Date.UTC(2026, 0, 2, 3, 4, 5) });
  });

  afterEach(() => {
    useRealTimers();
  });

  test('signs each request with the current time', () => {
    const one = signer();
    expect(dateOf(one.sign(append(0), credentials))).toBe('20260102T030405Z');
    vi.advanceTimersByTime(1000);
    expect(dateOf(one.sign(append(0), credentials))).toBe('20260102T030406Z');
    one.clock.offset = 60_000;
    expect(dateOf(one.sign(append(0), credentials))).toBe('20260102T030506Z');
  });

  test('signs requests with and without headers as a new signer would sign each of them', () => {
    const one = signer();
    const tokens = { ...credentials, securityToken: 'token' };
    const requests = [
      append(0),
      append(10),
      append(20, { create: { contentType: 'text/plain', metadata: { a: 'b' } } }),
      append(30, { requestPayer: 'requester' }),
      headRequest('a.log', {}),
      headRequest('b.log', {}),
    ];
    for (const own of [credentials, tokens, credentials]) {
      for (const request of requests) {
        expect(one.sign(request, own)).toEqual(signer().sign(request, own));
      }
    }
  });
});

describe('RequestSigner.signAhead()', () => {
  /** A signer that has signed an append at 0, and presigned the next one. */
  function foresightedSigner(): RequestSigner {
    const one = signer();
    one.sign(append(0), credentials);
    one.signAhead('a.log', credentials);
    return one;
  }

  beforeEach(() => {
    useFakeTimers({ now: Date.UTC(2026, 0, 2, 3, 4, 5) });
  });

  afterEach(() => {
    useRealTimers();
  });

  test('predicts an append after those before it', () => {
    const { next = expect.unreachable() } = append(0);
    expect(next(0).query).toBe(append(10).query);
    expect(next(2).query).toBe(append(30).query);
    expect(append(7).next?.(0).query).toBe(append(17).query);
  });

  test('presigns the next request like an ordinary one', () => {
    const one = foresightedSigner();
    const expected = signer().sign(append(10), credentials);
    vi.advanceTimersByTime(5000);

    expect(one.sign(append(10), credentials)).toEqual(expected);
    expect(dateOf(one.sign(append(10), credentials))).toBe('20260102T030410Z');
  });

  test('predicts from the request signed last', () => {
    const one = signer();
    one.sign(append(0), credentials);
    one.sign(append(10), credentials);
    one.signAhead('a.log', credentials);
    vi.advanceTimersByTime(1000);

    expect(dateOf(one.sign(append(20), credentials))).toBe('20260102T030405Z');
  });

  test('presigns nothing after a request without a next one', () => {
    const one = foresightedSigner();
    one.sign(headRequest('a.log', {}), credentials);
    one.signAhead('a.log', credentials);
    vi.advanceTimersByTime(1000);

    expect(dateOf(one.sign(append(10), credentials))).toBe('20260102T030406Z');
  });

  test.each([
    { scenario: 'after more than five seconds', later: 6000 },
    { scenario: 'before it was signed, by a clock set back', later: 0, clockOffset: -1000 },
    { scenario: 'for another position', request: append(11) },
    { scenario: 'with headers of its own', request: append(10, { requestPayer: 'requester' }) },
    { scenario: 'for other credentials', own: { ...credentials, accessKeySecret: 'other' } },
    { scenario: 'for a HEAD', request: headRequest('a.log', {}) },
  ])('is not used $scenario', ({ later = 0, clockOffset = 0, request = append(10), own }) => {
    const one = foresightedSigner();
    vi.advanceTimersByTime(later);
    one.clock.offset = clockOffset;
    const fresh = signer();
    fresh.clock.offset = clockOffset;

    expect(one.sign(request, own ?? credentials)).toEqual(fresh.sign(request, own ?? credentials));
  });

  test('presigns more requests while its predictions hold, and starts again with one when a prediction fails', () => {
    const one = signer();
    const depths: number[] = [];
    let position = 0;
    const step = (length: number) => {
      const request = append(position);
      const next = vi.fn(request.next);
      one.sign({ ...request, next }, credentials);
      one.signAhead('a.log', credentials);
      if (next.mock.calls.length > 0) depths.push(next.mock.calls.length);
      position += length;
    };
    for (let count = 0; count < 9; count++) step(10);
    expect(depths).toEqual([1, 2, 4, 4]);
    step(9);
    step(10);
    expect(depths).toEqual([1, 2, 4, 4, 1]);
  });

  test('keeps separate state for 1000 objects, and forgets the oldest beyond that', () => {
    const one = signer();
    const request = (index: number) => appendRequest({ key: `${index}`, position: 0 }, body, {});
    for (let index = 0; index <= 1000; index++) {
      one.sign(request(index), credentials);
      one.signAhead(`${index}`, credentials);
    }
    vi.advanceTimersByTime(1000);
    const dateOfNext = (index: number) =>
      dateOf(one.sign(appendRequest({ key: `${index}`, position: 10 }, body, {}), credentials));

    expect(dateOfNext(1)).toBe('20260102T030405Z');
    expect(dateOfNext(1000)).toBe('20260102T030405Z');
    expect(dateOfNext(0)).toBe('20260102T030406Z');
  });
});
