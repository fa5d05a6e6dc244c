import { generate } from 'selfsigned';

/** Makes a key and a self-signed certificate for 127.0.0.1. */
export async function makeIdentity(): Promise<{ readonly key: string; readonly cert: string }> {
  const day = 24 * 60 * 60 * 1000;
  const identity = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    notBeforeDate: new Date(Date.now() - day),
    notAfterDate: new Date(Date.now() + day),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          // ali-oss uses this server name for every endpoint.
          { type: 2, value: '*.oss-cn-hangzhou.aliyuncs.com' },
        ],
      },
    ],
  });
  return { key: identity.private, cert: identity.cert };
}
