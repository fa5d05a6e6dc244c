import { describe, expect, test } from 'vitest';
import { errorAnswer, escapeXml } from '../../../src/emulator/protocol/error-document.js';
import { noSuchKey, OssError } from '../../../src/emulator/protocol/oss-error.js';

const site = { method: 'GET', requestId: '0123456789ABCDEF01234567', hostId: '127.0.0.1:1' };

describe('errorAnswer()', () => {
  test('writes the same document as OSS', () => {
    const { status, headers, body } = errorAnswer(noSuchKey('a&b'), site);

    expect(status).toBe(404);
    expect(headers).toEqual({
      'content-type': 'application/xml',
      'content-length': String((body as Uint8Array).byteLength),
      'x-oss-ec': '0026-00000001',
    });
    expect(String(body)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>NoSuchKey</Code>
  <Message>The specified key does not exist.</Message>
  <RequestId>0123456789ABCDEF01234567</RequestId>
  <HostId>127.0.0.1:1</HostId>
  <Key>a&amp;b</Key>
  <EC>0026-00000001</EC>
  <RecommendDoc>https://api.aliyun.com/troubleshoot?q=0026-00000001</RecommendDoc>
</Error>
`);
  });

  test('puts the document into a header of an answer without a body', () => {
    const { headers, body } = errorAnswer(noSuchKey('a'), { ...site, method: 'HEAD' });

    expect(body).toBeUndefined();
    expect(headers['content-length']).toBe('0');
    expect(String(Buffer.from(headers['x-oss-err'] ?? '', 'base64'))).toContain('<Key>a</Key>');
  });

  test('omits an unknown diagnostic number', () => {
    const { headers, body } = errorAnswer(new OssError(400, 'InvalidURI', 'No'), site);

    expect(headers).not.toHaveProperty('x-oss-ec');
    expect(String(body)).not.toMatch(/EC|RecommendDoc/);
  });
});

describe('escapeXml()', () => {
  test.each([
    {
      scenario: 'markup',
      text: `<a href="x">'&'</a>`,
      expected: '&lt;a href=&quot;x&quot;&gt;&apos;&amp;&apos;&lt;/a&gt;',
    },
    { scenario: 'any script', text: 'é世界😀\t\n', expected: 'é世界😀\t\n' },
    {
      scenario: 'characters not allowed in XML',
      text: 'a\u0000b\u001fc\uffff',
      expected: 'a\ufffdb\ufffdc\ufffd',
    },
  ])('escapes $scenario', ({ text, expected }) => {
    expect(escapeXml(text)).toBe(expected);
  });
});
