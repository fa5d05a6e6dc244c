import { describe, expect, test } from 'vitest';
import {
  isAppendError,
  NotAppendableError,
  OssRequestError,
  OssServiceError,
} from '../../../src/errors.js';
import type { HttpAnswer } from '../../../src/oss/http/message.js';
import { loadErrorDocuments, readErrorDocument } from '../../../src/oss/response/error-document.js';
import { assertRange, readObjectState, readReceipt } from '../../../src/oss/response/response.js';
import { errorDocument } from '../scripted-server.js';

await loadErrorDocuments();

const requestId = '5C3D9175B6FC201293AD4890';
const request = { key: 'logs/a.log', describe: () => 'append 5 bytes to "logs/a.log"' };

function answer(
  status: number,
  headers: HttpAnswer['headers'] = {},
  body: string | Buffer = '',
): HttpAnswer {
  return {
    status,
    headers: { 'x-oss-request-id': requestId, ...headers },
    body: Buffer.from(body as string),
  };
}

function refusal(status: number, code: string, headers: HttpAnswer['headers'] = {}): HttpAnswer {
  return answer(status, headers, errorDocument(code));
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('readReceipt()', () => {
  test('reads position, checksum and request id', () => {
    const headers = {
      'x-oss-next-append-position': '1048576',
      'x-oss-hash-crc64ecma': '18446744073709551615',
    };
    expect(readReceipt(answer(200, headers), request)).toEqual({
      nextPosition: 1_048_576,
      crc64: 2n ** 64n - 1n,
      requestId,
    });
  });

  test.each([
    { scenario: 'absent', crc64: undefined, expected: undefined },
    { scenario: 'zero', crc64: '0', expected: 0n },
    { scenario: 'beyond 64 bits', crc64: '18446744073709551616', expected: undefined },
    { scenario: 'negative', crc64: '-1', expected: undefined },
    { scenario: 'hexadecimal', crc64: '0x1f', expected: undefined },
    { scenario: 'empty', crc64: '', expected: undefined },
    { scenario: 'a word', crc64: 'none', expected: undefined },
    { scenario: 'sent twice', crc64: ['1', '2'], expected: undefined },
    { scenario: 'endless', crc64: '9'.repeat(5000), expected: undefined },
  ])('takes a checksum that is $scenario as $expected', ({ crc64, expected }) => {
    const headers = { 'x-oss-next-append-position': '5', 'x-oss-hash-crc64ecma': crc64 };
    expect(readReceipt(answer(200, headers), request).crc64).toBe(expected);
  });

  test.each([
    { scenario: 'no position', position: undefined },
    { scenario: 'an empty position', position: '' },
    { scenario: 'a negative position', position: '-5' },
    { scenario: 'a fractional position', position: '5.5' },
    { scenario: 'a position with an exponent', position: '5e3' },
    { scenario: 'a position with a space', position: ' 5' },
    { scenario: 'a position beyond the safe integers', position: '9007199254740992' },
    { scenario: 'two positions', position: ['5', '6'] },
  ])('does not trust a 200 with $scenario', ({ position }) => {
    const error = thrownBy(() =>
      readReceipt(answer(200, { 'x-oss-next-append-position': position }), request),
    );
    expect(error).toBeInstanceOf(OssRequestError);
    expect(error).toMatchObject({ outcome: 'unknown', answered: false });
  });

  test.each([
    ...['RequestTimeout', 'IncompleteBody', 'InvalidDigest', 'InvalidCRC64'].map((code) => ({
      scenario: `400 ${code}`,
      answer: refusal(400, code),
      outcome: 'rejected',
    })),
    { scenario: '400 EntityTooLarge', answer: refusal(400, 'EntityTooLarge'), outcome: 'fatal' },
    { scenario: '400 without a document', answer: answer(400), outcome: 'fatal' },
    { scenario: '401', answer: answer(401), outcome: 'fatal' },
    { scenario: '403 AccessDenied', answer: refusal(403, 'AccessDenied'), outcome: 'forbidden' },
    { scenario: '403 without a document', answer: answer(403), outcome: 'forbidden' },
    { scenario: '403 with garbage', answer: answer(403, {}, '<html'), outcome: 'forbidden' },
    {
      scenario: '403 SignatureDoesNotMatch',
      answer: refusal(403, 'SignatureDoesNotMatch'),
      outcome: 'fatal',
    },
    { scenario: '404 NoSuchBucket', answer: refusal(404, 'NoSuchBucket'), outcome: 'fatal' },
    { scenario: '404 NoSuchKey', answer: refusal(404, 'NoSuchKey'), outcome: 'fatal' },
    {
      scenario: '409 FileAlreadyExists',
      answer: refusal(409, 'FileAlreadyExists'),
      outcome: 'fatal',
    },
    { scenario: '409 without anything', answer: answer(409), outcome: 'fatal' },
    { scenario: '411', answer: refusal(411, 'MissingContentLength'), outcome: 'fatal' },
    { scenario: '301', answer: answer(301, { location: 'https://evil.com' }), outcome: 'fatal' },
    { scenario: '304', answer: answer(304), outcome: 'fatal' },
  ])('takes $scenario as $outcome', ({ answer, outcome }) => {
    const error = thrownBy(() => readReceipt(answer, request));
    expect(error).toBeInstanceOf(OssServiceError);
    expect(error).toMatchObject({ outcome, status: answer.status, requestId });
    expect((error as OssServiceError).answered).toBeUndefined();
  });

  test.each([408, 429, 500, 503])('takes %d from OSS as unknown and answered', (status) => {
    const error = thrownBy(() => readReceipt(refusal(status, 'InternalError'), request));
    expect(error).toMatchObject({ outcome: 'unknown', answered: true, ossCode: 'InternalError' });
  });

  test.each([201, 203, 204, 206, 501, 502, 504, 520, 599])(
    'takes %d from OSS as unknown and unanswered',
    (status) => {
      const error = thrownBy(() =>
        readReceipt(refusal(status, 'X', { 'x-oss-next-append-position': '5' }), request),
      );
      expect(error).toMatchObject({ outcome: 'unknown', answered: false });
    },
  );

  test.each([200, 204, 301, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504])(
    'takes %d without a request id as unknown and unanswered',
    (status) => {
      const error = thrownBy(() =>
        readReceipt(
          refusal(status, 'PositionNotEqualToLength', {
            'x-oss-request-id': undefined,
            'x-oss-next-append-position': '5',
          }),
          request,
        ),
      );
      expect(error).toBeInstanceOf(OssServiceError);
      expect(error).toMatchObject({ outcome: 'unknown', answered: false, ossCode: undefined });
    },
  );

  test.each([
    { scenario: 'its position', position: '8192', actualLength: 8192 },
    { scenario: 'position 0', position: '0', actualLength: 0 },
    { scenario: 'no position', position: undefined, actualLength: undefined },
    { scenario: 'garbage', position: 'x', actualLength: undefined },
  ])('takes 409 PositionNotEqualToLength with $scenario as a conflict', (row) => {
    const error = thrownBy(() =>
      readReceipt(
        refusal(409, 'PositionNotEqualToLength', { 'x-oss-next-append-position': row.position }),
        request,
      ),
    );
    expect(error).toMatchObject({ outcome: 'conflict', actualLength: row.actualLength });
  });

  test('takes a 409 with a position and an unreadable document as a conflict', () => {
    const error = thrownBy(() =>
      readReceipt(answer(409, { 'x-oss-next-append-position': '7' }, '<Err'), request),
    );
    expect(error).toMatchObject({ outcome: 'conflict', actualLength: 7 });
  });

  test.each([
    { status: 409, code: 'ObjectNotAppendable' },
    { status: 409, code: 'AppendSealedObjectNotAllowed' },
    { status: 400, code: 'AppendSealedObjectNotAllowed' },
    { status: 409, code: 'FileImmutable' },
  ])('takes $status $code as not appendable', ({ status, code }) => {
    const error = thrownBy(() =>
      readReceipt(refusal(status, code, { 'x-oss-object-type': 'Normal' }), request),
    );
    expect(error).toBeInstanceOf(NotAppendableError);
    expect(error).toMatchObject({ outcome: 'fatal', key: 'logs/a.log', objectType: 'Normal' });
    expect(isAppendError(error)).toBe(true);
  });

  test('describes the refusal in one sentence', () => {
    const error = thrownBy(() => readReceipt(refusal(404, 'NoSuchBucket'), request));
    expect(error).toMatchObject({
      message: `Cannot append 5 bytes to "logs/a.log": OSS answered 404 NoSuchBucket: Said by OSS (request id ${requestId})`,
    });
  });

  test('quotes only code and message of the error document', () => {
    const xml = `<Error><Code>SignatureDoesNotMatch</Code><Message>${'no\u202e\r\n'.repeat(1000)}</Message><SignatureProvided>hunter2</SignatureProvided><StringToSign>hunter2</StringToSign></Error>`;
    const { message } = thrownBy(() => readReceipt(answer(403, {}, xml), request)) as Error;
    expect(message.length).toBeLessThan(500);
    expect(message).not.toMatch(/hunter2|[\p{Cc}\p{Cf}]/u);
  });

  test('reports the endpoint of a bucket in another region', () => {
    const body = errorDocument(
      'AccessDenied',
      '<Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint><EC>0003-00001403</EC>',
    );
    expect(thrownBy(() => readReceipt(answer(403, {}, body), request))).toMatchObject({
      endpoint: 'oss-cn-beijing.aliyuncs.com',
      ec: '0003-00001403',
      message: expect.stringContaining('oss-cn-beijing.aliyuncs.com'),
    });
  });
});

describe('readObjectState()', () => {
  const appendable = {
    'content-length': '344606',
    'x-oss-object-type': 'Appendable',
    'x-oss-next-append-position': '344606',
    'x-oss-hash-crc64ecma': '0',
    etag: '"fba9dede5f27731c9771645a3986"',
  };

  function base64(xml: string): HttpAnswer['headers'] {
    return { 'x-oss-err': Buffer.from(xml).toString('base64') };
  }

  test('reads length, checksum, type and ETag', () => {
    expect(readObjectState(answer(200, appendable), request)).toEqual({
      length: 344_606,
      crc64: 0n,
      appendable: true,
      sealed: false,
      objectType: 'Appendable',
      etag: '"fba9dede5f27731c9771645a3986"',
      creation: {},
    });
  });

  test.each([
    {
      scenario: 'a sealed object',
      headers: { ...appendable, 'x-oss-sealed-time': 'Thu, 01 Jan 2026 00:00:00 GMT' },
      expected: { appendable: true, sealed: true },
    },
    {
      scenario: 'a type in lower case',
      headers: { ...appendable, 'x-oss-object-type': 'appendable' },
      expected: { appendable: true },
    },
    {
      scenario: 'a Normal object',
      headers: { 'content-length': '5', 'x-oss-object-type': 'Normal' },
      expected: { length: 5, appendable: false, sealed: false, crc64: undefined },
    },
    {
      scenario: 'an object whose type a proxy emptied, as appendable',
      headers: { 'content-length': '0', 'x-oss-object-type': '' },
      expected: { length: 0, appendable: true },
    },
    {
      scenario: 'an object whose type a proxy removed, as appendable',
      headers: { 'content-length': '0' },
      expected: { length: 0, appendable: true, objectType: undefined },
    },
    {
      scenario: 'an answer whose Content-Length a proxy removed',
      headers: { ...appendable, 'content-length': undefined },
      expected: { length: 344_606 },
    },
  ])('reads $scenario', ({ headers, expected }) => {
    expect(readObjectState(answer(200, headers), request)).toMatchObject(expected);
  });

  test.each([
    { scenario: 'no length', headers: {} },
    { scenario: 'an unusable length', headers: { 'content-length': '5, 5' } },
    {
      scenario: 'an unusable position beside a length',
      headers: { 'content-length': '5', 'x-oss-next-append-position': 'x' },
    },
    {
      scenario: 'a length and no request id',
      headers: { 'content-length': '5', 'x-oss-request-id': undefined },
    },
  ])('does not trust a 200 with $scenario', ({ headers }) => {
    const error = thrownBy(() => readObjectState(answer(200, headers), request));
    expect(error).toMatchObject({ outcome: 'unknown', answered: false });
  });

  test.each([
    { scenario: '404 NoSuchKey', answer: answer(404, base64(errorDocument('NoSuchKey'))) },
    { scenario: '404 without a document', answer: answer(404) },
    { scenario: '404 with garbage', answer: answer(404, { 'x-oss-err': '%%%' }) },
  ])('takes $scenario as no object', ({ answer }) => {
    expect(readObjectState(answer, request)).toBeUndefined();
  });

  test.each([
    {
      scenario: '404 NoSuchBucket',
      answer: answer(404, base64(errorDocument('NoSuchBucket'))),
      expected: { outcome: 'fatal', ossCode: 'NoSuchBucket' },
    },
    {
      scenario: '403 without a document',
      answer: answer(403),
      expected: { outcome: 'forbidden' },
    },
    {
      scenario: '403 AccessDenied',
      answer: answer(403, { ...base64(errorDocument('AccessDenied')), 'x-oss-ec': '0003-1' }),
      expected: { outcome: 'forbidden', ossCode: 'AccessDenied', ec: '0003-1' },
    },
    {
      scenario: '404 without a request id',
      answer: answer(404, { 'x-oss-request-id': undefined }),
      expected: { outcome: 'unknown', answered: false },
    },
    { scenario: '503', answer: answer(503), expected: { outcome: 'unknown', answered: true } },
    { scenario: '502', answer: answer(502), expected: { outcome: 'unknown', answered: false } },
  ])('fails with $scenario', ({ answer, expected }) => {
    expect(thrownBy(() => readObjectState(answer, request))).toMatchObject(expected);
  });
});

describe('assertRange()', () => {
  const ranged = (value: string | undefined) => answer(206, { 'content-range': value });

  test.each([
    {
      scenario: 'the whole object',
      answer: answer(200, { 'content-length': '5' }),
      range: undefined,
    },
    {
      scenario: 'the whole object in chunks',
      answer: answer(200, { 'transfer-encoding': 'chunked' }),
      range: undefined,
    },
    { scenario: 'the range', answer: ranged('bytes 5-9/100'), range: { start: 5, end: 10 } },
    { scenario: "the object's end", answer: ranged('bytes 5-7/8'), range: { start: 5, end: 10 } },
    {
      scenario: 'an open range',
      answer: ranged('bytes 5-7/8'),
      range: { start: 5, end: undefined },
    },
  ])('accepts $scenario', ({ answer, range }) => {
    expect(() => assertRange(answer, range, request)).not.toThrow();
  });

  test.each([
    { scenario: 'the whole object instead of a range', answer: answer(200), start: 5 },
    { scenario: 'another start', answer: ranged('bytes 0-9/100'), start: 5 },
    { scenario: 'a later end', answer: ranged('bytes 5-10/100'), start: 5 },
    { scenario: 'no Content-Range', answer: ranged(undefined), start: 0 },
    { scenario: 'an unreadable Content-Range', answer: ranged('lines 5-9/100'), start: 5 },
    { scenario: 'an end before its start', answer: ranged('bytes 5-4/100'), start: 5 },
    {
      scenario: 'bytes that are not from OSS',
      answer: answer(206, { 'content-range': 'bytes 5-9/100', 'x-oss-request-id': undefined }),
      start: 5,
    },
  ])('refuses $scenario', ({ answer, start }) => {
    expect(thrownBy(() => assertRange(answer, { start, end: 10 }, request))).toMatchObject({
      outcome: 'unknown',
      answered: false,
    });
  });

  test('refuses an open range that ends at an unsafe integer', () => {
    const endless = ranged(`bytes 5-${'9'.repeat(400)}/100`);
    const range = { start: 5, end: undefined };
    expect(thrownBy(() => assertRange(endless, range, request))).toMatchObject({
      outcome: 'unknown',
      answered: false,
    });
  });

  test('refuses a whole object with neither Content-Length nor chunks', () => {
    expect(thrownBy(() => assertRange(answer(200), undefined, request))).toMatchObject({
      outcome: 'unknown',
      answered: false,
    });
  });
});

describe('readErrorDocument()', () => {
  test.each([
    { scenario: 'no document', body: '' },
    { scenario: 'text', body: 'Bad Gateway' },
    { scenario: 'HTML', body: '<html><body><Code>X</Code></body></html>' },
    { scenario: 'JSON', body: '{"Error":{"Code":"X"}}' },
    { scenario: 'half a tag', body: '<Error><Code' },
    { scenario: 'random bytes', body: Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 60, 60, 62]) },
    { scenario: 'a nested code', body: '<Error><Code><a>X</a></Code></Error>' },
    { scenario: 'two codes', body: '<Error><Code>X</Code><Code>Y</Code></Error>' },
    { scenario: 'an empty code', body: '<Error><Code/></Error>' },
    { scenario: 'deep nesting', body: '<Error>'.repeat(9000) },
    { scenario: 'a prototype', body: '<__proto__><Code>X</Code></__proto__>' },
    { scenario: 'a constructor', body: '<Error><constructor>X</constructor></Error>' },
    {
      scenario: 'declared entities',
      body: '<!DOCTYPE Error [<!ENTITY a "X"><!ENTITY b "&a;&a;">]><Error><Code>&b;</Code></Error>',
    },
  ])('finds no code in $scenario', ({ body }) => {
    expect(readErrorDocument(answer(400, {}, body)).code).toBeUndefined();
  });

  test('keeps numbers as text and resolves only the predefined entities', () => {
    const body =
      '<?xml version="1.0"?><Error xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"><Code>007</Code><Message>a &lt; &amp; &unknown;</Message></Error>';
    expect(readErrorDocument(answer(400, {}, body))).toMatchObject({
      code: '007',
      message: 'a < & &unknown;',
    });
  });

  test.each([
    { scenario: 'at the top', elements: '<ServerTime>2026-01-01T00:00:00.000Z</ServerTime>' },
    {
      scenario: 'in the detail',
      elements: '<Detail><ServerTime>2026-01-01T00:00:00.000Z</ServerTime></Detail>',
    },
  ])("finds the server's time $scenario of the document", ({ elements }) => {
    const body = errorDocument('RequestTimeTooSkewed', elements);
    expect(readErrorDocument(answer(403, {}, body)).serverTime).toBe('2026-01-01T00:00:00.000Z');
  });
});

test.each([
  { who: 'OSS', headers: { 'x-oss-request-id': 'id' } },
  { who: 'a proxy', headers: {} },
])('a 413 from $who is fatal, and the message says to make chunkSize smaller', ({ headers }) => {
  const refusal = () => readReceipt(answer(413, headers), request);

  expect(refusal).toThrow(OssServiceError);
  expect(refusal).toThrow(expect.objectContaining({ status: 413, outcome: 'fatal' }));
  expect(refusal).toThrow("make 'chunkSize' smaller");
});

test('a refusal because of the bucket names it', () => {
  const refused = answer(404, { 'x-oss-request-id': 'id' }, errorDocument('NoSuchBucket'));

  expect(() => readReceipt(refused, { ...request, bucket: 'nope' })).toThrow(
    /404 NoSuchBucket.*; the bucket is "nope"$/,
  );
});
