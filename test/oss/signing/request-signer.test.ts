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

/** When a request was signed, as it says itself. */
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

  test('signs with the date of the moment, which it does not keep', () => {
    const one = signer();
    expect(dateOf(one.sign(append(0), credentials))).toBe('20260102T030405Z');
    vi.advanceTimersByTime(1000);
    expect(dateOf(one.sign(append(0), credentials))).toBe('20260102T030406Z');
    one.clock.offset = 60_000;
    expect(dateOf(one.sign(append(0), credentials))).toBe('20260102T030506Z');
  });

  test('signs requests without headers of their own, and with, as it would have signed each alone', () => {
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
  /** One that has signed an append at 0, and what follows it. */
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

  test('hasPresigned an append behind those before it', () => {
    const { next = expect.unreachable() } = append(0);
    expect(next(0).query).toBe(append(10).query);
    expect(next(2).query).toBe(append(30).query);
    expect(append(7).next?.(0).query).toBe(append(17).query);
  });

  test('has the next request signed as it would be signed then', () => {
    const one = foresightedSigner();
    const expected = signer().sign(append(10), credentials);
    vi.advanceTimersByTime(5000);

    expect(one.sign(append(10), credentials)).toEqual(expected);
    expect(dateOf(one.sign(append(10), credentials))).toBe('20260102T030410Z');
  });

  test('heeds requests that were signed since it was called for', () => {
    const one = signer();
    one.sign(append(0), credentials);
    one.sign(append(10), credentials);
    one.signAhead('a.log', credentials);
    vi.advanceTimersByTime(1000);

    expect(dateOf(one.sign(append(20), credentials))).toBe('20260102T030405Z');
  });

  test('has nothing to sign behind a request that nothing follows', () => {
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
  ])('is not heeded $scenario', ({ later = 0, clockOffset = 0, request = append(10), own }) => {
    const one = foresightedSigner();
    vi.advanceTimersByTime(later);
    one.clock.offset = clockOffset;
    const fresh = signer();
    fresh.clock.offset = clockOffset;

    expect(one.sign(request, own ?? credentials)).toEqual(fresh.sign(request, own ?? credentials));
  });

  test('looks further ahead as long as what it foresaw comes, and starts anew when it does not', () => {
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

  test('keeps the objects of many streams apart, and forgets the oldest of very many', () => {
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
