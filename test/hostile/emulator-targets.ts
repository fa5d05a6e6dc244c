import { tooLongHead, unreadable, type Verdict } from './emulator-client.js';
import type { Row } from './emulator-rows.js';

/** The bucket as encoded in the signed text. */
function signedAs(bucket: string): string {
  return bucket.split('/').map(encodeURIComponent).join('/');
}

const invalidBucket = { status: 400, code: 'InvalidBucketName' };
const invalidUri = { status: 400, code: 'InvalidURI' };
const noSuchKey = { status: 404, code: 'NoSuchKey' };

const badBuckets = ['.', '..', '...', 'ab', 'a.b', 'Examplebucket', '-ab', 'ab-', 'a_b', 'a b', 'é']
  .concat(['../x', '..\\x', 'x/../y', 'a\0b', 'emulator.pid', '~ab', 'b'.repeat(64), '__proto__'])
  .map(
    (bucket, index): Row => ({
      scenario: `the bucket ${JSON.stringify(bucket)}`,
      request: {
        method: index % 2 === 0 ? 'PUT' : 'DELETE',
        bucket: signedAs(bucket),
        path: `/${encodeURIComponent(bucket)}/`,
      },
      verdict: invalidBucket,
    }),
  );

/** Hosts without a bucket; the path names it. */
const plainHosts = ['', '.', '..', '../..', '...localhost', '%2e%2e.localhost', 'a/../b.localhost']
  .concat(['[', '[::1', '[::1]:80', '[::ffff:127.0.0.1]', '::1', 'localhost:'])
  .concat(['localhost:99999999', ':', ':80', '-.-', 'a.b.c', '<&">.x', `${'a.'.repeat(5000)}a`])
  .map(
    (host): Row => ({
      scenario: `the host ${host.length > 99 ? 'of ten thousand bytes' : JSON.stringify(host)}`,
      request: { key: 'missing', headers: { host } },
      verdict: noSuchKey,
    }),
  );

/** Hosts with the bucket. */
const bucketHosts = [
  'EXAMPLEBUCKET.LOCALHOST',
  'examplebucket.',
  'examplebucket..',
  'Examplebucket.x:1',
]
  .concat(['examplebucket.%2e%2e', 'examplebucket.../../x'])
  .map(
    (host): Row => ({
      scenario: `the host ${JSON.stringify(host)}`,
      request: { key: '../missing', host, headers: { host } },
      verdict: noSuchKey,
    }),
  );

const targets: readonly Row[] = [
  ['http://localhost/examplebucket/missing', noSuchKey],
  ['HTTPS://user:pass@localhost:1/examplebucket/missing', noSuchKey],
  ['http://[::1]:1/examplebucket/missing', noSuchKey],
  ['http:///examplebucket/missing', noSuchKey],
  ['http://../examplebucket/missing', noSuchKey],
  ['ftp://localhost/examplebucket/missing', invalidUri],
  ['file:///etc/passwd', invalidUri],
  ['*', invalidUri],
  ['examplebucket/missing', unreadable],
  ['\\examplebucket\\missing', unreadable],
  ['/examplebucket/\xff', unreadable],
  ['/examplebucket/a b', unreadable],
  ['/examplebucket/\0', unreadable],
  ['/examplebucket/\x7f', unreadable],
  ['', unreadable],
  [`/examplebucket/${'k'.repeat(20_000)}`, tooLongHead],
  [`/examplebucket/missing?${'a=b&'.repeat(2 ** 18)}`, tooLongHead],
].map(([path, verdict]): Row => {
  const scenario = `the target ${JSON.stringify(path).slice(0, 60)}`;
  return {
    scenario,
    request: { key: 'missing', path: path as string },
    verdict: verdict as Verdict,
  };
});

const others: readonly Row[] = [
  {
    scenario: 'a key in a bucket without a name',
    request: { bucket: '', path: '//examplebucket/key', key: '/examplebucket/key' },
    verdict: invalidBucket,
  },
  {
    scenario: 'an encoded slash after the bucket',
    request: { key: '../x', path: '/examplebucket%2F..%2Fx' },
    verdict: noSuchKey,
  },
  {
    scenario: 'two hosts',
    request: { key: 'missing', lines: ['host: examplebucket.localhost'] },
    verdict: noSuchKey,
  },
  {
    scenario: 'a key with characters that XML does not allow',
    request: { key: '\0\x01\x1b]]><&\ufffe\uffff' },
    verdict: noSuchKey,
  },
  {
    scenario: 'a key with such characters in a HEAD, whose error document is in a header',
    request: { method: 'HEAD', key: '\0\x01\x1b]]><&\ufffe\uffff\r\nx-evil: 1' },
    verdict: noSuchKey,
  },
  {
    scenario: 'a fragment, which belongs to the key',
    request: { key: 'missing#fragment', path: '/examplebucket/missing#fragment' },
    verdict: noSuchKey,
  },
];

/** Unusual or invalid targets. */
export const targetRows = [...badBuckets, ...plainHosts, ...bucketHosts, ...targets, ...others];
