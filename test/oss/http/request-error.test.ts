import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/append/retry-policy.js';
import { RequestAborted, RequestTimedOut } from '../../../src/oss/http/request-deadline.js';
import { requestError } from '../../../src/oss/http/request-error.js';

const request = {
  describe: () => 'append 5 bytes to "a.log" at position 0',
  method: 'POST',
  origin: 'https://logs.oss-cn-hangzhou.aliyuncs.com',
};

function failure(fields: { code?: string; syscall?: string }): Error {
  return Object.assign(new Error('it failed'), fields);
}

const connectFailures = [
  {
    scenario: 'a refused connection',
    error: failure({ code: 'ECONNREFUSED', syscall: 'connect' }),
  },
  {
    scenario: 'a connect that timed out',
    error: failure({ code: 'ETIMEDOUT', syscall: 'connect' }),
  },
  { scenario: 'an unknown host', error: failure({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }) },
  { scenario: 'a silent resolver', error: failure({ code: 'EAI_AGAIN' }) },
  { scenario: "undici's connect timeout", error: failure({ code: 'UND_ERR_CONNECT_TIMEOUT' }) },
  {
    scenario: 'a self-signed certificate',
    error: failure({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
  },
  { scenario: 'an expired certificate', error: failure({ code: 'CERT_HAS_EXPIRED' }) },
  {
    scenario: 'a certificate for another host',
    error: failure({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
  },
  { scenario: 'no TLS', error: failure({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }) },
  {
    scenario: 'every address refused',
    error: new AggregateError([
      failure({ code: 'ECONNREFUSED', syscall: 'connect' }),
      failure({ code: 'ENETUNREACH', syscall: 'connect' }),
    ]),
  },
];

describe('requestError()', () => {
  test.each(connectFailures)('takes $scenario as rejected', ({ error }) => {
    expect(requestError(error, { ...request, isStarted: false })).toMatchObject({
      outcome: 'rejected',
      answered: undefined,
    });
  });

  test.each(connectFailures)('takes $scenario as unknown after the start', ({ error }) => {
    expect(requestError(error, { ...request, isStarted: true })).toMatchObject({
      outcome: 'unknown',
      answered: false,
    });
  });

  test.each([
    { scenario: 'a bare ETIMEDOUT', error: failure({ code: 'ETIMEDOUT' }) },
    { scenario: 'a write', error: failure({ code: 'ETIMEDOUT', syscall: 'write' }) },
    { scenario: 'a reset', error: failure({ code: 'ECONNRESET', syscall: 'read' }) },
    { scenario: 'a closed socket', error: failure({ code: 'UND_ERR_SOCKET' }) },
    { scenario: 'an empty AggregateError', error: new AggregateError([]) },
    {
      scenario: 'an AggregateError with one ambiguous error',
      error: new AggregateError([
        failure({ code: 'ECONNREFUSED', syscall: 'connect' }),
        failure({ code: 'ECONNRESET', syscall: 'read' }),
      ]),
    },
    { scenario: 'a TypeError', error: new TypeError('it failed') },
    { scenario: 'a string', error: 'it failed' },
    { scenario: 'nothing', error: undefined },
  ])('takes $scenario as unknown even before the start', ({ error }) => {
    const made = requestError(error, { ...request, isStarted: false });
    expect(made).toMatchObject({ outcome: 'unknown', answered: false, cause: error });
    expect(made).not.toBeInstanceOf(TypeError);
  });

  test('describes the failure in one line', () => {
    const error = requestError(new Error('read\r\nECONNRESET'), { ...request, isStarted: true });
    expect(error.message).toBe(
      'Cannot append 5 bytes to "a.log" at position 0: POST to https://logs.oss-cn-hangzhou.aliyuncs.com failed: read ECONNRESET',
    );
  });

  test('uses the code of an error without a message', () => {
    const error = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    expect(requestError(error, { ...request, isStarted: false }).message).toMatch(/ECONNREFUSED$/);
  });

  const refused = (address: string, code = 'ECONNREFUSED') =>
    Object.assign(failure({ code, syscall: 'connect' }), { address, port: 443 });

  test.each([
    {
      scenario: 'IPv4 and IPv6',
      errors: [refused('10.9.0.2', 'ETIMEDOUT'), refused('2001:db8::9', 'ENETUNREACH')],
      said: 'no address could be reached: 10.9.0.2:443 ETIMEDOUT, [2001:db8::9]:443 ENETUNREACH',
    },
    {
      scenario: 'in nested errors',
      errors: [new AggregateError([refused('10.9.0.2')]), refused('10.9.0.3')],
      said: 'no address could be reached: 10.9.0.2:443 ECONNREFUSED, 10.9.0.3:443 ECONNREFUSED',
    },
    {
      scenario: 'more than four',
      errors: Array.from({ length: 1000 }, (_, index) => refused(`10.9.0.${index}`)),
      said: 'no address could be reached: 10.9.0.0:443 ECONNREFUSED, 10.9.0.1:443 ECONNREFUSED, 10.9.0.2:443 ECONNREFUSED, 10.9.0.3:443 ECONNREFUSED, and 996 more',
    },
    {
      scenario: 'among other errors',
      errors: [refused('10.9.0.2'), new Error('read ECONNRESET'), 'a string'],
      said: '10.9.0.2:443 ECONNREFUSED, read ECONNRESET, a string',
    },
  ])('names the addresses and their codes: $scenario', ({ errors, said }) => {
    const error = Object.assign(new AggregateError(errors), { code: 'ETIMEDOUT' });
    const { message } = requestError(error, { ...request, isStarted: false });
    expect(message.slice(message.indexOf(' failed: '))).toBe(` failed: ${said}`);
  });

  test.each([
    { isStarted: false, outcome: 'rejected', message: /got no connection within 5 ms$/ },
    { isStarted: true, outcome: 'unknown', message: /got no answer within 5 ms$/ },
  ])('takes a timeout as $outcome when started is $isStarted', (row) => {
    const { isStarted, outcome, message } = row;
    expect(requestError(new RequestTimedOut(5), { ...request, isStarted })).toMatchObject({
      outcome,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    { isStarted: false, outcome: 'rejected' },
    { isStarted: true, outcome: 'unknown' },
  ])('takes an abort as $outcome when started is $isStarted', ({ isStarted, outcome }) => {
    const aborted = new RequestAborted('Aborted', { cause: 'reason' });
    expect(requestError(aborted, { ...request, isStarted })).toMatchObject({
      name: 'AbortError',
      outcome,
      cause: 'reason',
    });
  });
});

// In Jest, errors of Node.js belong to another realm than the packages.
test('errors of another realm are described like those of this one', () => {
  const refused = "Object.assign(new Error('no'), { code: 'ECONNREFUSED', syscall: 'connect' })";
  const others = [refused, `new AggregateError([${refused}, ${refused}])`];

  for (const error of others.map((source) => runInNewContext(source))) {
    expect(error).not.toBeInstanceOf(Error);
    expect(requestError(error, { ...request, isStarted: false })).toMatchObject({
      outcome: 'rejected',
      cause: error,
      message: expect.not.stringContaining('Error:'),
    });
    expect(judge(error).error).toBe(error);
  }
});
