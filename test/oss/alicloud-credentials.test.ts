import { createRequire } from 'node:module';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { openStream } from '../helpers/open-stream.js';

// A CommonJS module compiled from ESM: bundlers unwrap its default export, Node does not.
const alicloud: typeof import('@alicloud/credentials') = createRequire(import.meta.url)(
  '@alicloud/credentials',
);
const { default: Credential, Config } = alicloud;

describe('@alicloud/credentials as a provider function', () => {
  test.each([
    {
      type: 'access_key',
      credentials: { accessKeyId: 'key-id', accessKeySecret: 'secret' },
    },
    {
      type: 'sts',
      credentials: { accessKeyId: 'key-id', accessKeySecret: 'secret', securityToken: 'token' },
    },
  ])('signs requests with the credentials of type $type', async ({ type, credentials }) => {
    await using emulator = await startEmulator({ credentials });
    const credential = new Credential(new Config({ type, ...credentials }));
    const provider = () => credential.getCredential();

    await pipeline(['aaaa'], openStream(emulator, 'a.log', { credentials: provider }));

    expect(String(await emulator.read('examplebucket', 'a.log'))).toBe('aaaa');
  });

  test('ends the stream with CredentialsError if its default chain finds no credentials', async () => {
    await using emulator = await startEmulator();
    const credential = new Credential(
      new Config({ type: 'credentials_uri', credentialsURI: 'http://127.0.0.1:1/' }),
    );
    const provider = () => credential.getCredential();

    await expect(
      pipeline(['aaaa'], openStream(emulator, 'a.log', { credentials: provider })),
    ).rejects.toMatchObject({ code: 'APPEND_ERR_CREDENTIALS', cause: expect.any(Error) });
    expect(emulator.requests).toEqual([]);
  });
});
