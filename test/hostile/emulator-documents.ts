import { createHash } from 'node:crypto';
import type { Verdict } from './emulator-client.js';
import type { Row } from './emulator-rows.js';

const malformed = { status: 400, code: 'MalformedXML' };
const tooLarge = { status: 400, code: 'EntityTooLarge' };
const much = 200_000;

/** Documents that are expensive, reference other resources, or use names special to JavaScript. */
function bombs(inner: string): readonly (readonly [scenario: string, body: string, Verdict?])[] {
  const laughs = Array.from({ length: 9 }, (_, index) => {
    const text = index === 0 ? 'ha' : `&a${index - 1};`.repeat(10);
    return `<!ENTITY a${index} "${text}">`;
  });
  const root = inner.slice(1, inner.indexOf('>'));
  const entity = (text: string) => inner.replace('>', `>${text}`);
  return [
    ['entities in entities', `<!DOCTYPE a [${laughs.join('')}]>${entity('&a8;')}`],
    [
      'a huge entity',
      `<!DOCTYPE a [<!ENTITY a "${'a'.repeat(9999)}">]>${entity('&a;'.repeat(9999))}`,
    ],
    ['a file', `<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>${entity('&a;')}`],
    ['a parameter entity', `<!DOCTYPE a [<!ENTITY % a SYSTEM "http://127.0.0.1:1/">%a;]>${inner}`],
    ['an unfinished document type', '<!DOCTYPE'.repeat(10_000)],
    ['a document type in lower case', `<!doctype a [<!ENTITY a "b">]>${inner}`],
    ['nested elements', '<a>'.repeat(much) + '</a>'.repeat(much)],
    ['unclosed elements', `<${root}>`.repeat(5000)],
    ['an unclosed CDATA section', `<${root}><![CDATA[${'x'.repeat(much)}`],
    ['unclosed comments', `<${root}>${'<!--'.repeat(5000)}`],
    ['spaces without an element', ' '.repeat(much)],
    ['an endless name', `<${'a'.repeat(much)}/>`],
    ['200,000 elements', `<${root}>${'<a/>'.repeat(much)}</${root}>`],
    ['too many bytes', inner + ' '.repeat(2 ** 21), tooLarge],
    ['UTF-16', Buffer.from(inner, 'utf16le').toString('latin1')],
    ['invalid UTF-8', entity('\xff\xfe')],
    ['a lone surrogate', entity('&#xDC00;')],
    ['a code point beyond Unicode', entity('&#x110000;')],
    ['NUL', '\0'],
    ['the root __proto__', inner.replaceAll(root, '__proto__')],
    ['the root constructor', inner.replaceAll(root, 'constructor')],
    ['two roots', '<a/><b/>'],
    ['a missing last character', inner.slice(0, -1)],
    ['JSON instead of XML', '{"Delete":{"Object":[{"Key":"a"}]}}'],
  ];
}

function rowsOf(what: string, inner: string, request: Row['request']): readonly Row[] {
  return bombs(inner).map(([scenario, body, verdict = malformed]) => {
    const md5 = createHash('md5').update(body, 'latin1').digest('base64');
    const headers = { 'content-md5': md5 };
    return {
      scenario: `${what} with ${scenario}`,
      request: { ...request, headers, body },
      verdict,
    };
  });
}

const deletion = '<Delete><Object><Key>still/alive</Key></Object></Delete>';
const creation =
  '<CreateBucketConfiguration><StorageClass>IA</StorageClass></CreateBucketConfiguration>';

/** Invalid documents. */
export const documentRows = [
  ...rowsOf('a deletion', deletion, { method: 'POST', query: { delete: '' } }),
  // The same parser reads it.
  ...rowsOf('a new bucket', creation, { method: 'PUT', bucket: 'new-bucket' }).slice(-8),
];
