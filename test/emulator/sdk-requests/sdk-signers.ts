import type { Emulator } from '../../../src/emulator/index.js';
import { signatureV1 } from '../signature-kinds.js';
import { authorizationV4, type RequestOptions } from '../signed-request.js';
import type { WireRequest } from './raw-exchange.js';

/** A request to be signed, with the decoded parts of its target. */
export interface UnsignedRequest extends WireRequest {
  /** Not escaped; absent for a request to the bucket. */
  readonly key?: string | undefined;

  /** The resource that version 1 signs, if not derived from bucket, key and subresources. */
  readonly resource?: string | undefined;
}

/** Returns the headers of a request, including those of its signature. */
export type Signer = (emulator: Emulator, request: UnsignedRequest) => Record<string, string>;

/** Version 1: HMAC-SHA1, with the time in `Date`. */
export function signerV1({ date = 'Date', authorization = 'Authorization' } = {}): Signer {
  return (emulator, request) => {
    const headers = { ...request.headers, [date]: new Date().toUTCString() };
    const options = optionsOf({ ...request, headers });
    const time = options.headers?.date ?? '';
    const signature = signatureV1(emulator, options, time, request.resource);
    const { accessKeyId } = emulator.credentials;
    return { ...headers, [authorization]: `OSS ${accessKeyId}:${signature}` };
  };
}

export interface SignerV4Options {
  /** Absent if the SDK sends the time only in `Date`. */
  readonly ossDate?: string;

  /** Absent if the SDK sends the time only in `x-oss-date`. */
  readonly date?: string;
  readonly contentSha256?: string;
  readonly authorization?: string;

  /** In lower case; signed if the request has them. */
  readonly additionalHeaders?: readonly string[];
}

/** Version 4: HMAC-SHA256, with a region. Options name the headers as the SDK writes them. */
export function signerV4(options: SignerV4Options): Signer {
  const { ossDate, date, additionalHeaders = [] } = options;
  const { contentSha256 = 'x-oss-content-sha256', authorization = 'Authorization' } = options;
  return (emulator, request) => {
    const now = new Date();
    const basic = now.toISOString().replace(/[-:]|\.\d+/g, '');
    const headers: Record<string, string> = {
      ...request.headers,
      ...(ossDate === undefined ? {} : { [ossDate]: basic }),
      ...(date === undefined ? {} : { [date]: now.toUTCString() }),
      [contentSha256]: 'UNSIGNED-PAYLOAD',
    };
    const plain = optionsOf({ ...request, headers });
    const additional = additionalHeaders.filter((name) => plain.headers?.[name] !== undefined);
    const signed = { ...plain, additionalHeaders: additional };
    const time = ossDate === undefined ? now.toUTCString() : basic;
    const value = authorizationV4(emulator, signed, time, basic.slice(0, 8));
    return { ...headers, [authorization]: value };
  };
}

function optionsOf({ method, target, key = '', headers }: UnsignedRequest): RequestOptions {
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  return {
    method,
    key,
    query: Object.fromEntries(query),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  };
}
