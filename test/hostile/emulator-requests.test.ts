import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { append } from '../emulator/signed-request.js';
import { requestText, tell } from './emulator-client.js';
import { documentRows } from './emulator-documents.js';
import { headerRows } from './emulator-headers.js';
import { parameterRows } from './emulator-parameters.js';
import { testRows } from './emulator-rows.js';
import { targetRows } from './emulator-targets.js';

describe('the emulator gives the expected answer and stays intact after', () => {
  testRows([...targetRows, ...parameterRows, ...headerRows, ...documentRows]);
});

const open = { key: 'a', isSigned: false };

/** Invalid authorizations of every kind. */
const authorizations = [
  '',
  'OSS',
  'OSS :',
  'OSS emulator:',
  `OSS emulator:${'A'.repeat(9000)}`,
  'OSS emulator:\xff\xff',
  'OSS4-HMAC-SHA256',
  'OSS4-HMAC-SHA256 Credential=',
  'OSS4-HMAC-SHA256 Credential=////,Signature=x',
  'OSS4-HMAC-SHA256 Credential=emulator/../cn-hangzhou/oss/aliyun_v4_request,Signature=x',
  `OSS4-HMAC-SHA256 Credential=${'/'.repeat(9000)},Signature=x`,
  `OSS4-HMAC-SHA256 ${'Credential=a/b/c/oss/aliyun_v4_request,'.repeat(300)}`,
  'Bearer x',
];
const dates = ['20261122T000000Z', '99999999T999999Z', 'Sun, 99 Xxx 0000 99:99:99 GMT', '\xff', ''];

test('an invalid authorization is refused, whatever its date', async () => {
  await using emulator = await startEmulator();
  await append(emulator, 'a', 0, 'secret');
  const signed = requestText(emulator, { key: 'a' });
  const tampered = signed.replace(/Signature=./, 'Signature=x');
  expect(await tell(emulator, tampered)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' });

  for (const authorization of authorizations) {
    for (const date of dates) {
      const payload = 'x-oss-content-sha256: UNSIGNED-PAYLOAD';
      const times = [`x-oss-date: ${date}`, `date: ${date}`];
      const lines = [`authorization: ${authorization}`, ...times, payload];
      const { status, code } = await tell(emulator, requestText(emulator, { ...open, lines }));
      expect(status === 400 || status === 403).toBe(true);
      expect(code).toMatch(/^(AccessDenied|InvalidA\w+|RequestTimeTooSkewed|Signature\w+)$/);
    }
  }
});

// The signer of the tests cannot sign repeated parameters.
test.each([
  { query: 'append&position=0&position=1', status: 200 },
  { query: 'append&position=1&position=0', status: 409 },
  { query: 'append=&append=x&position=0', status: 400 },
  { query: 'append&position=0&&=&&=x&?&append%00', status: 400 },
  { query: 'append&&position=0&', status: 200 },
])(
  'the first of repeated parameters counts, and repeated operations are refused: $query',
  async (row) => {
    await using emulator = await startEmulator({ credentials: null });
    const path = `/examplebucket/a?${row.query}`;
    const text = requestText(emulator, { method: 'POST', path, body: 'x', isSigned: false });

    expect((await tell(emulator, text)).status).toBe(row.status);
  },
);
