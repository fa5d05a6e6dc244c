import { createHash } from 'node:crypto';
import type { Verdict } from './emulator-client.js';
import type { Row } from './emulator-rows.js';

const malformed = { status: 400, code: 'MalformedXML' };
const tooLarge = { status: 400, code: 'EntityTooLarge' };
const much = 200_000;

/** Documents that cost much, reach out, or mean something to JavaScript, around what is asked. */
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
    ['a document type without end', '<!DOCTYPE'.repeat(10_000)],
    ['a document type in lower case', `<!doctype a [<!ENTITY a "b">]>${inner}`],
    ['elements in elements', '<a>'.repeat(much) + '</a>'.repeat(much)],
    ['elements without end', `<${root}>`.repeat(5000)],
    ['sections without end', `<${root}><![CDATA[${'x'.repeat(much)}`],
    ['comments without end', `<${root}>${'<!--'.repeat(5000)}`],
    ['spaces and no element', ' '.repeat(much)],
    ['an endless name', `<${'a'.repeat(much)}/>`],
    ['200,000 elements', `<${root}>${'<a/>'.repeat(much)}</${root}>`],
    ['more than a document may have', inner + ' '.repeat(2 ** 21), tooLarge],
    ['UTF-16', Buffer.from(inner, 'utf16le').toString('latin1')],
    ['no UTF-8', entity('\xff\xfe')],
    ['half a character', entity('&#xDC00;')],
    ['a character beyond all', entity('&#x110000;')],
    ['NUL', '\0'],
    ['the root __proto__', inner.replaceAll(root, '__proto__')],
    ['the root constructor', inner.replaceAll(root, 'constructor')],
    ['two roots', '<a/><b/>'],
    ['a half', inner.slice(0, -1)],
    ['no XML', '{"Delete":{"Object":[{"Key":"a"}]}}'],
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

/** Documents nobody should send. */
export const documentRows = [
  ...rowsOf('a deletion', deletion, { method: 'POST', query: { delete: '' } }),
  // The same hands read it.
  ...rowsOf('a new bucket', creation, { method: 'PUT', bucket: 'new-bucket' }).slice(-8),
];
