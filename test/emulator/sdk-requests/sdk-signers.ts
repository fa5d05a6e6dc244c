import type { Emulator } from '../../../src/emulator/index.js';
import { signatureV1 } from '../signature-kinds.js';
import { authorizationV4, type RequestOptions } from '../signed-request.js';
import type { WireRequest } from './raw-exchange.js';

/** A request to be signed, with what its target says spelled out. */
export interface UnsignedRequest extends WireRequest {
  /** Not escaped; absent where the request is about the bucket. */
  readonly key?: string | undefined;

  /** What version 1 signs instead of bucket, key and subresources. */
  readonly resource?: string | undefined;
}

/** The headers of a request with those that its signature needs, and the signature. */
export type Signer = (emulator: Emulator, request: UnsignedRequest) => Record<string, string>;

/** Version 1: SHA-1, and the time in `Date`. */
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
  /** Absent where the SDK gives the time in `Date`. */
  readonly ossDate?: string;

  /** Absent where the SDK gives the time in `x-oss-date` alone. */
  readonly date?: string;
  readonly contentSha256?: string;
  readonly authorization?: string;

  /** In lower case; those of them are signed that a request has. */
  readonly additionalHeaders?: readonly string[];
}

/** Version 4: SHA-256, with a region. The options are the names of headers as the SDK writes them. */
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
    ...{ method, key, query: Object.fromEntries(query) },
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  };
}
