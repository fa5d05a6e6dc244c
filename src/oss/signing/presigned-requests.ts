import { type Credentials, isSameCredentials } from '../credentials/credentials.js';
import type { SignableOssRequest } from '../request/oss-request.js';
import { hasSameHeaders } from '../request/request-headers.js';

/** A request that has been signed. */
export interface SignedRequest {
  readonly path: string;

  /** Alternating names and values. */
  readonly headers: string[];
}

/** A predicted request and its signature. */
interface PresignedRequest {
  readonly request: SignableOssRequest;
  readonly credentials: Credentials;

  /** Time of the signature, in seconds since 1970. */
  readonly second: number;
  readonly signed: SignedRequest;
}

/** Maximum age in seconds of a presigned request; OSS accepts signatures for 15 minutes. */
const longestWait = 5;

/**
 * Maximum number of requests presigned in a row. Each after the first costs half as much as the
 * first, for which the processor must load the code into its cache again.
 */
const greatestDepth = 4;

/** Probable next requests for one object, signed while another request is in flight. */
export class PresignedRequests {
  /** In the expected order. */
  #presigned: PresignedRequest[] = [];

  /** Number of requests to presign next; doubled while all presigned ones are used. */
  #depth = 1;

  get hasAny(): boolean {
    return this.#presigned.length > 0;
  }

  /** Returns the presigned request that equals `request`, if there is one. */
  take(
    request: SignableOssRequest,
    credentials: Credentials,
    second: number,
  ): SignedRequest | undefined {
    const presigned = this.#presigned.shift();
    if (presigned === undefined) return undefined;
    const age = second - presigned.second;
    if (
      age >= 0 &&
      age <= longestWait &&
      isSameRequest(presigned.request, request) &&
      isSameCredentials(presigned.credentials, credentials)
    ) {
      return presigned.signed;
    }
    this.#presigned = [];
    this.#depth = 1;
    return undefined;
  }

  /**
   * Presigns the next requests if no presigned ones are left.
   *
   * @param presigned Signs the request expected after `index` others.
   */
  renew(presigned: (index: number) => PresignedRequest): void {
    if (this.hasAny) return;
    for (let index = 0; index < this.#depth; index++) this.#presigned.push(presigned(index));
    this.#depth = Math.min(2 * this.#depth, greatestDepth);
  }
}

function isSameRequest(a: SignableOssRequest, b: SignableOssRequest): boolean {
  return (
    a.query === b.query &&
    a.method === b.method &&
    a.key === b.key &&
    hasSameHeaders(a.headers, b.headers)
  );
}
