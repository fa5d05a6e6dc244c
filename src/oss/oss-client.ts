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
 * Bytes that sockets mostly take at once. Where one does not, the rest of so few waits no longer
 * than their checksum takes, which is less than a turn costs everybody.
 */
const takenAtOnce = 64 * 1024;

/**
 * Client of one bucket of Alibaba Cloud OSS, as far as appending needs it.
 *
 * One call is one attempt: nothing is retried. Only a request that OSS refused for a wrong clock or
 * for temporary credentials that had ended, before it looked at anything else, is signed again and
 * sent once more.
 *
 * Every method rejects with a `TypeError` or `RangeError` for a wrong argument, before anything is
 * sent; with a {@link CredentialsError} if there is nothing to sign with; with a
 * {@link NotAppendableError} or {@link OssServiceError} if OSS refuses; and with an
 * {@link OssRequestError} if no usable answer came. The last four have an `outcome`.
 *
 * All clients of one origin, reached through the same proxy if any, share at most 100 connections. A request that finds none free waits its
 * turn, which no timeout but that of its caller counts; so does one that waits in a `dispatcher` for
 * others of ours to end.
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

  /** Joined for the first request, so that a client that sends none holds nothing. */
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
   * `body` must not change before the promise settles, and is not touched afterwards.
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
   * Resolves with the object's length, checksum and kind, or with `undefined` where there is none.
   *
   * @see https://help.aliyun.com/zh/oss/developer-reference/headobject
   */
  async headObject(key: string, options: RequestOptions = {}): Promise<ObjectState | undefined> {
    const request = checked(() => headRequest(key, options));
    return readObjectState(await this.#send(request, options), this.#named(request));
  }

  /**
   * Resolves with a stream of the bytes from `start` up to, and without, `end`, once its first bytes
   * may come. It ends sooner where the object does.
   *
   * `requestTimeout` bounds the time until then, and after that each pause within the body. The
   * stream has a connection to itself until it was read to its end or destroyed.
   *
   * @see https://help.aliyun.com/zh/oss/developer-reference/getobject
   */
  async getObject(key: string, options: GetObjectOptions = {}): Promise<Readable> {
    const range = checked(() => byteRange(options));
    const request = checked(() => getRequest(key, range, options));
    // HTTP cannot ask for nothing: `bytes=5-4` would bring the whole object.
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
    // undici hands the body to the socket at the end of this turn; the next one sends what the socket
    // did not take at once.
    if (byteLength <= takenAtOnce) nodeTimers.setImmediate(resume);
    else nodeTimers.setImmediate(nodeTimers.setImmediate, resume);
  }

  /**
   * Makes the object refuse further appends, if it is exactly `position` bytes long.
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
   * Leaves the shared connections, and closes them when no other client uses them; a `dispatcher`
   * that was passed in stays open. Waits for requests under way. Further calls do nothing.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const connections = this.#connections;
    this.#connections = undefined;
    await connections?.release();
  }

  /** What the request was for, as errors name it. */
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
    // Nobody knows how long a dispatcher that was passed in reads it: over HTTP/2, undici goes on
    // after it was told to abort.
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

/** Says of a wrong argument what it means for the bytes: nothing was sent, and never will be. */
function checked<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw Object.assign(error as Error, { outcome: 'fatal' as const });
  }
}
