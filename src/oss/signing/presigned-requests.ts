import { type Credentials, isSameCredentials } from '../credentials/credentials.js';
import type { SignableOssRequest } from '../request/oss-request.js';
import { hasSameHeaders } from '../request/request-headers.js';

/** A request that has been signed. */
export interface SignedRequest {
  readonly path: string;

  /** Names and values in turn. */
  readonly headers: string[];
}

/** A request that was signed before it was made. */
interface PresignedRequest {
  readonly request: SignableOssRequest;
  readonly credentials: Credentials;

  /** When it was signed, in seconds. */
  readonly second: number;
  readonly signed: SignedRequest;
}

/** Seconds for which a signature is used that was made ahead; OSS takes it for 15 minutes. */
const longestWait = 5;

/**
 * Most requests that are signed in one go. The second costs half of the first, whose code the
 * processor has to fetch again after every chunk.
 */
const greatestDepth = 4;

/** The requests that will probably be made of one object, signed while there was time. */
export class PresignedRequests {
  /** In the order in which they are expected. */
  #presigned: PresignedRequest[] = [];

  /** How many requests to look ahead: more and more, as long as all of them come. */
  #depth = 1;

  get hasAny(): boolean {
    return this.#presigned.length > 0;
  }

  /** What was signed for just this request, if anything was. */
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
   * Signs what is to come, if nothing is left of what was signed before.
   *
   * @param presigned Signs the request that will follow after `index` others.
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
