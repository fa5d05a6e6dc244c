import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, send } from '../signed-request.js';

const query = { acl: '' };

describe('GetObjectACL', () => {
  test('returns the ACL set at creation', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x', { headers: { 'x-oss-object-acl': 'public-read' } });
    await append(emulator, 'b', 0, 'x');

    const [first, second] = [
      await send(emulator, { key: 'a', query }),
      await send(emulator, { key: 'b', query }),
    ];

    expect(String(first.body)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<AccessControlPolicy>
  <Owner>
    <ID>1234567890123456</ID>
    <DisplayName>1234567890123456</DisplayName>
  </Owner>
  <AccessControlList>
    <Grant>public-read</Grant>
  </AccessControlList>
</AccessControlPolicy>
`);
    expect(element(second, 'Grant')).toBe('default');
  });

  test('refuses a missing key', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a', query });

    expect(element(response, 'Code')).toBe('NoSuchKey');
  });
});

describe('PutObjectACL', () => {
  const headers = { 'x-oss-object-acl': 'public-read-write', 'content-length': '0' };
  const put = { method: 'PUT', key: 'a', query, headers };

  test('changes only the ACL', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'abcd', { headers: { 'x-oss-meta-a': '1' } });
    const before = await send(emulator, { method: 'HEAD', key: 'a' });

    const response = await send(emulator, put);

    const after = await send(emulator, { method: 'HEAD', key: 'a' });
    const volatile = { date: '', 'x-oss-request-id': '', 'x-oss-server-time': '' };
    expect(response.status).toBe(200);
    expect(response.headers['content-length']).toBe('0');
    expect(element(await send(emulator, { key: 'a', query }), 'Grant')).toBe('public-read-write');
    expect({ ...after.headers, ...volatile }).toEqual({ ...before.headers, ...volatile });
    expect((await append(emulator, 'a', 4, 'e')).status).toBe(200);
    expect(element(await send(emulator, { key: 'a', query }), 'Grant')).toBe('public-read-write');
  });

  test('refuses an unknown ACL and a missing key', async () => {
    await using emulator = await startEmulator();

    const missing = await send(emulator, put);
    const wrong = await send(emulator, { ...put, headers: { 'x-oss-object-acl': 'all' } });

    const none = await send(emulator, { ...put, headers: { 'content-length': '0' } });
    expect([none.status, element(none, 'Code')]).toEqual([400, 'MissingArgument']);
    expect(element(none, 'ArgumentName')).toBe('x-oss-object-acl');
    expect([missing.status, element(missing, 'Code')]).toEqual([404, 'NoSuchKey']);
    expect([wrong.status, element(wrong, 'Code')]).toEqual([400, 'InvalidArgument']);
  });
});
