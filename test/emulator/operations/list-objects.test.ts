import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, elements, send } from '../signed-request.js';

describe('ListObjects', () => {
  test('begins after the marker and returns the next marker', async () => {
    await using emulator = await startEmulator();
    for (const key of ['a', 'b/1', 'b/2', 'c']) await append(emulator, key, 0, 'x');

    const query = { 'max-keys': '1', delimiter: '/', marker: 'a' };
    const first = await send(emulator, { query });
    const marker = element(first, 'NextMarker') ?? '';
    const second = await send(emulator, { query: { delimiter: '/', marker } });

    expect(element(first, 'Marker')).toBe('a');
    expect(element(first, 'IsTruncated')).toBe('true');
    expect(elements(first, 'Key')).toEqual([]);
    expect(marker).toBe('b/');
    expect(elements(second, 'Key')).toEqual(['c']);
    expect(element(second, 'IsTruncated')).toBe('false');
    expect(String(second.body)).not.toMatch(/NextMarker|KeyCount|CommonPrefixes/);
  });

  test('includes the owner of every object', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');

    const response = await send(emulator, {});

    expect(element(response, 'DisplayName')).toBe('1234567890123456');
    expect(String(response.body)).toContain('<Marker></Marker>');
  });

  test('encodes the markers too', async () => {
    await using emulator = await startEmulator();
    for (const key of ['a b', 'a c', 'a d']) await append(emulator, key, 0, 'x');

    const query = { 'encoding-type': 'url', marker: 'a b', 'max-keys': '1' };
    const response = await send(emulator, { query });

    expect(element(response, 'Marker')).toBe('a%20b');
    expect(element(response, 'NextMarker')).toBe('a%20c');
  });
});
