import { addAbortSignal, Readable } from 'node:stream';
import type {
  AppendClient,
  AppendObjectOptions,
  AppendReceipt,
  GetObjectOptions,
  ObjectState,
  RequestOptions,
} from '../append/append-client.js';
import { attemptTimeout } from '../append/attempt-timeout.js';
import { OssRequestError } from '../errors.js';
import { nodeTimers } from '../timers/node-timers.js';
import { type OssClientOptions, resolveClientOptions } from './client-options.js';
import type { Connections } from './connections/connections.js';
import { type GivenDispatcher, givenDispatcher } from './connections/given-dispatcher.js';
import type { Proxies } from './connections/proxies.js';
import { type ConnectionShare, shareConnections } from './connections/shared-connections.js';
import { download } from './http/download.js';
import { exchange } from './http/exchange.js';
import type { RequestSignal } from './http/fast-abort-signal.js';
import type { HttpAnswer, HttpRequest, RequestDispatcher } from './http/message.js';
import { RequestDeadline } from './http/request-deadline.js';
import {
  appendRequest,
  byteRange,
  getRequest,
  headRequest,
  type OssRequest,
  sealRequest,
} from './request/oss-request.js';
import {
  assertRange,
  isBeyondEnd,
  readObjectState,
  readReceipt,
  readSeal,
} from './response/response.js';
import type { AnsweredRequest } from './response/service-error.js';
import { RequestSigner } from './signing/request-signer.js';
import { SignedRequests } from './signing/signed-request.js';

export type { OssClientOptions } from './client-options.js';

/**
 * Body size that a socket usually accepts in one write. If it does not, the rest waits as long as
 * the body's checksum takes, which is less than an extra turn would cost every request.
 */
const takenAtOnce = 64 * 1024;

/**
 * Client of one bucket of Alibaba Cloud OSS, with the operations that appending needs.
 *
 * One call is one attempt: nothing is retried. Only a request that OSS refused because of a wrong
 * clock or expired temporary credentials, and so did not process, is re-signed and sent once more.
 *
 * Every method rejects with a `TypeError` or `RangeError` for an invalid argument, before anything
 * is sent; with a {@link CredentialsError} if no credentials are available; with a
 * {@link NotAppendableError} or {@link OssServiceError} if OSS refuses; and with an
 * {@link OssRequestError} if no usable answer arrived. The last four have an `outcome`.
 *
 * All clients of one origin that use the same proxy, or none, share at most 100 connections. A
 * request waits if none is free; this time does not count against `requestTimeout`, only against
 * the caller's own timeout. The same holds for waiting in a passed `dispatcher` while other requests
 * of this package run there.
 *
 * @example Append to an object
 * ```ts
 * import { OssClient } from 'oss-append-stream';
 *
 * const client = new OssClient({ region: 'cn-hangzhou', bucket: 'logs' });
 * const state = await client.headObject('app/today.log');
 * await client.appendObject('app/today.log', state?.length ?? 0, Buffer.from('one line\n'));
 * await client.close();
 * ```
 */
export class OssClient implements AppendClient {
  readonly #bucket: string;
  readonly #bucketOrigin: string;
  readonly #requestTimeout: number;
  readonly #exchange: SignedRequests;
  readonly #ownDispatcher: GivenDispatcher | undefined;
  readonly #proxies: Proxies | undefined;

  /** Acquired for the first request, so that an unused client holds nothing. */
  #connections: ConnectionShare | undefined;
  #isClosed = false;

  /**
   * @param act What the caller was asked to do, for messages.
   * @throws {TypeError} If an option has the wrong type or format, or `region` is missing.
   * @throws {RangeError} If `requestTimeout` or the endpoint's port is out of range.
   */
  constructor(options: OssClientOptions, act = 'create OssClient') {
    const { bucket, region, location, credentials, clock, dispatcher, proxies, requestTimeout } =
      resolveClientOptions(act, options);
    const signer = new RequestSigner({ bucket, region, pathPrefix: location.pathPrefix, clock });
    this.#exchange = new SignedRequests(signer, credentials, location.origin);
    this.#bucket = bucket;
    this.#bucketOrigin = location.origin;
    this.#ownDispatcher = dispatcher && givenDispatcher(dispatcher);
    this.#proxies = proxies;
    this.#requestTimeout = requestTimeout;
  }

  /**
   * Appends `body` to `key` if the object is exactly `position` bytes long, and creates it at 0.
   *
   * `body` must not change before the promise settles, and is not read afterwards.
   *
   * @see https://help.aliyun.com/zh/oss/developer-reference/appendobject
   */
  async appendObject(
    key: string,
    position: number,
    body: Uint8Array,
    options: AppendObjectOptions = {},
  ): Promise<AppendReceipt> {
    const request = checked(() => appendRequest({ key, position }, body, options));
    return readReceipt(await this.#send(request, options), this.#named(request));
  }

  /**
   * Resolves with the object's length, checksum and type, or with `undefined` if it does not exist.
   *
   * @see https://help.aliyun.com/zh/oss/developer-reference/headobject
   */
  async headObject(key: string, options: RequestOptions = {}): Promise<ObjectState | undefined> {
    const request = checked(() => headRequest(key, options));
    return readObjectState(await this.#send(request, options), this.#named(request));
  }

  /**
   * Resolves with a stream of the bytes from `start` up to, but not including, `end`, when the head
   * of the answer has arrived. The stream ends earlier if the object does.
   *
   * `requestTimeout` limits the time until then, and afterwards each pause within the body. The
   * stream occupies a connection until it has been read to its end or destroyed.
   *
   * @see https://help.aliyun.com/zh/oss/developer-reference/getobject
   */
  async getObject(key: string, options: GetObjectOptions = {}): Promise<Readable> {
    const range = checked(() => byteRange(options));
    const request = checked(() => getRequest(key, range, options));
    // HTTP has no empty range: OSS would answer `bytes=5-4` with the whole object.
    if (range !== undefined && range.start === range.end) {
      return Readable.from([], { objectMode: false });
    }
    const answer = await this.#transfer(request, options, (dispatcher, signed, until) =>
      download(dispatcher, signed, { signal: until, idleTimeout: this.#requestTimeout }),
    );
    const { stream } = answer;
    if (range !== undefined && isBeyondEnd(answer, range.start)) {
      stream.destroy();
      return Readable.from([], { objectMode: false });
    }
    try {
      assertRange(answer, range, this.#named(request));
    } catch (error) {
      stream.destroy();
      throw error;
    }
    return options.signal === undefined ? stream : addAbortSignal(options.signal, stream);
  }

  onBodyTaken(byteLength: number, resume: () => void): void {
    // undici writes the body to the socket at the end of this turn; the next turn sends the rest
    // that the socket did not accept at once.
    if (byteLength <= takenAtOnce) nodeTimers.setImmediate(resume);
    else nodeTimers.setImmediate(nodeTimers.setImmediate, resume);
  }

  /**
   * Seals the object against further appends, if it is exactly `position` bytes long.
   *
   * OSS must have enabled sealing for the bucket's owner.
   *
   * @see https://help.aliyun.com/zh/oss/developer-reference/sealappendobject
   */
  async sealAppendObject(
    key: string,
    position: number,
    options: RequestOptions = {},
  ): Promise<void> {
    const request = checked(() => sealRequest(key, position, options));
    readSeal(await this.#send(request, options), this.#named(request));
  }

  /**
   * Releases the shared connections, and closes them if no other client uses them; a user's
   * `dispatcher` stays open. Waits for requests in flight. Further calls do nothing.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const connections = this.#connections;
    this.#connections = undefined;
    await connections?.release();
  }

  /** Bucket, key and description of a request, for errors. */
  #named({ key, describe }: OssRequest): AnsweredRequest {
    return { bucket: this.#bucket, key, describe };
  }

  #send(request: OssRequest, options: RequestOptions): Promise<HttpAnswer> {
    return this.#transfer(request, options, exchange);
  }

  #transfer<Answer extends HttpAnswer>(
    request: OssRequest,
    options: RequestOptions,
    send: (
      dispatcher: RequestDispatcher,
      request: HttpRequest,
      signal: RequestSignal,
    ) => Promise<Answer>,
  ): Promise<Answer> {
    const connections = this.#connectionsFor(request);
    const { method, body, describe } = request;
    const origin = this.#bucketOrigin;
    const timeout = attemptTimeout(
      this.#requestTimeout,
      body?.byteLength ?? 0,
      options.trafficLimit,
    );
    const deadline = new RequestDeadline(timeout, options);
    // Copied, because a user's dispatcher may read the body for longer: over HTTP/2, undici
    // continues after an abort.
    const sent = this.#ownDispatcher && body ? Buffer.from(body) : body;
    return this.#exchange.send(request, deadline, (sign) =>
      connections.use((dispatcher) => {
        const { path, headers } = sign();
        const signed = { origin, method, path, headers, body: sent, describe };
        return send(dispatcher, signed, deadline.signal);
      }, deadline),
    );
  }

  #connectionsFor({ describe }: OssRequest): Pick<Connections, 'use'> {
    if (this.#isClosed) {
      throw new OssRequestError(`Cannot ${describe()}: the client is closed`, { outcome: 'fatal' });
    }
    if (this.#ownDispatcher !== undefined) return this.#ownDispatcher;
    this.#connections ??= shareConnections(this.#bucketOrigin, undefined, this.#proxies);
    return this.#connections.connections;
  }
}

/** Marks the error of an invalid argument as fatal: nothing was sent, and no retry would help. */
function checked<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw Object.assign(error as Error, { outcome: 'fatal' as const });
  }
}
