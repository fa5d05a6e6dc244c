import { readFileSync } from 'node:fs';

export interface Vector {
  readonly name: string;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
  readonly product: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly datetime: string;
  readonly expectedCanonicalRequest: string;
  readonly expectedStringToSign: string;
  readonly expectedSignature: string;
  readonly expectedAuthorization: string;
}

const fixture = new URL('./signature-v4-vectors.json', import.meta.url);
export const { vectors }: { vectors: readonly Vector[] } = JSON.parse(
  readFileSync(fixture, 'utf8'),
);

/** The headers as received: including those that the signer adds, with lower-case names. */
export function receivedHeaders(vector: Vector): Map<string, string> {
  const headers = new Map(
    Object.entries(vector.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  headers.set('x-oss-date', vector.datetime);
  headers.set('x-oss-content-sha256', 'UNSIGNED-PAYLOAD');
  if (vector.securityToken) headers.set('x-oss-security-token', vector.securityToken);
  return headers.set('authorization', vector.expectedAuthorization);
}
