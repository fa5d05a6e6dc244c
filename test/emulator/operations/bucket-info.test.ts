import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { element, send } from '../signed-request.js';

describe('GetBucketInfo', () => {
  test('describes the bucket', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { query: { bucketInfo: '' } });

    expect(response.status).toBe(200);
    expect(element(response, 'Name')).toBe('examplebucket');
    expect(element(response, 'Location')).toBe('oss-cn-hangzhou');
    expect(element(response, 'ExtranetEndpoint')).toBe(new URL(emulator.endpoint).host);
    expect(element(response, 'StorageClass')).toBe('Standard');
    expect(element(response, 'Grant')).toBe('private');
    expect(element(response, 'DisplayName')).toBe('1234567890123456');
    expect(String(response.body)).toMatch(/<BucketInfo>\n {2}<Bucket>\n {4}<CreationDate>/);
    expect(emulator.requests).toMatchObject([{ operation: 'bucket-info', status: 200 }]);
  });

  // The SDKs for Go, Python, PHP and Java read these elements, and some fail without one.
  test('returns every element that SDKs read', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { query: { bucketInfo: '' } });

    expect(element(response, 'AccessMonitor')).toBe('Disabled');
    expect(element(response, 'BlockPublicAccess')).toBe('false');
    expect(element(response, 'CrossRegionReplication')).toBe('Disabled');
    expect(element(response, 'TransferAcceleration')).toBe('Disabled');
    expect(element(response, 'ResourceGroupId')).toMatch(/^rg-/);
  });

  test('returns the endpoint without the bucket in the host', async () => {
    await using emulator = await startEmulator();

    const host = 'examplebucket.oss-cn-hangzhou.aliyuncs.com';
    const response = await send(emulator, { query: { bucketInfo: '' }, host });

    expect(element(response, 'ExtranetEndpoint')).toBe('oss-cn-hangzhou.aliyuncs.com');
  });

  test('refuses a missing bucket', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { bucket: 'nowhere', query: { bucketInfo: '' } });

    expect(response.status).toBe(404);
    expect(element(response, 'Code')).toBe('NoSuchBucket');
    expect(element(response, 'BucketName')).toBe('nowhere');
  });
});

describe('GetBucketAcl', () => {
  test('returns the ACL set at creation', async () => {
    await using emulator = await startEmulator();
    const headers = { 'x-oss-acl': 'public-read' };
    await send(emulator, { method: 'PUT', bucket: 'open-bucket', headers });

    const response = await send(emulator, { bucket: 'open-bucket', query: { acl: '' } });

    expect(element(response, 'Grant')).toBe('public-read');
    expect(emulator.requests.at(-1)).toMatchObject({ operation: 'bucket-acl', status: 200 });
  });
});

describe('GetBucketLocation', () => {
  test('returns the region with the prefix of OSS', async () => {
    await using emulator = await startEmulator({ region: 'cn-beijing' });

    const response = await send(emulator, { query: { location: '' } });

    expect(element(response, 'LocationConstraint')).toBe('oss-cn-beijing');
    expect(emulator.requests).toMatchObject([{ operation: 'bucket-location' }]);
  });
});

describe('ListMultipartUploads', () => {
  test('returns an empty list', async () => {
    await using emulator = await startEmulator();

    const query = { uploads: '', 'max-uploads': '10', prefix: 'a b', 'encoding-type': 'url' };
    const response = await send(emulator, { query });

    expect(response.status).toBe(200);
    expect(element(response, 'Bucket')).toBe('examplebucket');
    expect(element(response, 'Prefix')).toBe('a%20b');
    expect(element(response, 'MaxUploads')).toBe('10');
    expect(element(response, 'IsTruncated')).toBe('false');
    expect(String(response.body)).not.toContain('<Upload>');
  });
});

describe('ListLiveChannel', () => {
  test('returns an empty list', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { query: { live: '' } });

    expect(response.status).toBe(200);
    expect(element(response, 'IsTruncated')).toBe('false');
  });
});
