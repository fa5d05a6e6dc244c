import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, elements, send } from '../signed-request.js';

describe('ListObjectVersions', () => {
  test('pages through all objects, each with one version', async () => {
    await using emulator = await startEmulator();
    for (const key of ['a', 'b', 'c']) await append(emulator, key, 0, key);

    const query = { versions: '', 'max-keys': '2' };
    const first = await send(emulator, { query });
    const marker = element(first, 'NextKeyMarker') ?? '';
    const second = await send(emulator, { query: { ...query, 'key-marker': marker } });

    expect(elements(first, 'Key')).toEqual(['a', 'b']);
    expect(elements(first, 'VersionId')).toEqual(['null', 'null']);
    expect(element(first, 'IsTruncated')).toBe('true');
    expect(elements(second, 'Key')).toEqual(['c']);
    expect(element(second, 'IsTruncated')).toBe('false');
    expect(emulator.requests.at(-1)).toMatchObject({ operation: 'list-versions', status: 200 });
  });
});
