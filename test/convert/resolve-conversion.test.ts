import { describe, expect, test } from 'vitest';
import { resolveConversion } from '../../src/convert/resolve-conversion.js';
import { ScriptedClient } from '../append/scripted-client.js';

const connection = { region: 'cn-hangzhou', bucket: 'logs' };

function resolve(options: object = {}, source: object = {}) {
  return resolveConversion({ key: 'a', ...source }, { ...connection, key: 'b', ...options });
}

describe('resolveConversion()', () => {
  test('uses one client for objects of one bucket, and two for those of two', () => {
    const one = resolve({}, { bucket: 'logs' });
    const two = resolve({}, { bucket: 'other' });

    expect(one.source.client).toBe(one.target.client);
    expect(two.source.client).not.toBe(two.target.client);
  });

  test('closes only the clients that it creates', () => {
    const client = new ScriptedClient();
    const given = resolve({ bucket: undefined, region: undefined, client });
    const mixed = resolve({}, { client });

    expect(given.ownClients).toEqual([]);
    expect(mixed.ownClients).toEqual([mixed.target.client]);
    expect(mixed.source.client).toBe(client);
  });

  test.each([
    {
      scenario: 'the same object',
      source: { key: 'b' },
      message:
        "Cannot convert as 'source.key' must be another key than that of the new object: current value is 'b'",
    },
    { scenario: 'the same object by its bucket', source: { key: 'b', bucket: 'logs' } },
    { scenario: 'a template', options: { key: () => 'b' }, message: /'key' must be a string/ },
    {
      scenario: 'rollover',
      options: { rollover: true },
      message:
        "Cannot convert as 'rollover' must be left out, as it does not apply to a conversion: current value is true",
    },
    { scenario: 'a position', options: { position: 0 }, message: /'position' must be left out/ },
    { scenario: 'no key of the source', source: { key: 5 }, message: /the key must be a string/ },
    {
      scenario: 'a bucket of another store',
      source: { bucket: 'other', client: new ScriptedClient() },
      message: /'source.bucket' must be left out with a 'client'/,
    },
    {
      scenario: 'a client that is none',
      source: { client: { secret: 'x' } },
      message: "Cannot convert as 'source.client' must be an AppendClient",
    },
    {
      scenario: 'a second bucket at the endpoint of one',
      options: { addressing: 'cname', endpoint: 'logs.example.com' },
      source: { bucket: 'other' },
      message: /'source.bucket' must be left out with 'addressing: cname'/,
    },
    { scenario: 'no listener', options: { onProgress: 5 }, message: /'onProgress' must be a func/ },
  ])('refuses $scenario', ({ options, source, message = TypeError }) => {
    expect(() => resolve(options, source)).toThrow(TypeError);
    expect(() => resolve(options, source)).toThrow(message);
  });

  test.each([undefined, null, 5, 'a'])('refuses %j as source or options', (value) => {
    const options = { ...connection, key: 'b' };

    expect(() => resolveConversion(value as never, options)).toThrow(/'source' must be an object/);
    expect(() => resolveConversion({ key: 'a' }, value as never)).toThrow(
      /'options' must be an object/,
    );
  });
});
