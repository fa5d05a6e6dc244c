import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { element, elements, send } from '../signed-request.js';

describe('ListBuckets', () => {
  test('describes every bucket with the elements and the order of OSS', async () => {
    await using emulator = await startEmulator({ region: 'cn-beijing' });

    const response = await send(emulator, { bucket: '' });

    const date = element(response, 'CreationDate') ?? '';
    expect(date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    expect(Math.abs(Date.now() - Date.parse(date))).toBeLessThan(10_000);
    expect(response.headers['content-type']).toBe('application/xml');
    expect(String(response.body)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<ListAllMyBucketsResult>
  <Owner>
    <ID>1234567890123456</ID>
    <DisplayName>1234567890123456</DisplayName>
  </Owner>
  <Buckets>
    <Bucket>
      <CreationDate>${date}</CreationDate>
      <ExtranetEndpoint>${new URL(emulator.endpoint).host}</ExtranetEndpoint>
      <IntranetEndpoint>${new URL(emulator.endpoint).host}</IntranetEndpoint>
      <Location>oss-cn-beijing</Location>
      <Name>examplebucket</Name>
      <Region>cn-beijing</Region>
      <StorageClass>Standard</StorageClass>
    </Bucket>
  </Buckets>
</ListAllMyBucketsResult>
`);
  });

  test('is empty without buckets', async () => {
    await using emulator = await startEmulator({ buckets: [] });

    const response = await send(emulator, { bucket: '' });

    expect(String(response.body)).toContain('<Buckets></Buckets>');
  });

  test('pages through all buckets in order', async () => {
    await using emulator = await startEmulator({ buckets: ['b-2', 'c-1', 'b-1', 'b-3', 'a-1'] });
    const query = { prefix: 'b-', 'max-keys': '2' };

    const first = await send(emulator, { bucket: '', query });
    const marker = element(first, 'NextMarker') ?? '';
    const second = await send(emulator, { bucket: '', query: { ...query, marker } });

    expect(elements(first, 'Name')).toEqual(['b-1', 'b-2']);
    expect(element(first, 'IsTruncated')).toBe('true');
    expect(element(first, 'Prefix')).toBe('b-');
    expect(element(first, 'MaxKeys')).toBe('2');
    expect(marker).toBe('b-2');
    expect(elements(second, 'Name')).toEqual(['b-3']);
    expect(String(second.body)).not.toMatch(/IsTruncated|NextMarker|MaxKeys/);
  });

  test.each(['0', '1001', 'x'])('refuses max-keys %s', async (value) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { bucket: '', query: { 'max-keys': value } });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidArgument');
  });

  test('is refused if it is not signed', async () => {
    await using emulator = await startEmulator();

    expect((await send(emulator, { bucket: '', isSigned: false })).status).toBe(403);
    expect(emulator.requests).toMatchObject([{ operation: 'list-buckets', status: 403 }]);
  });
});
