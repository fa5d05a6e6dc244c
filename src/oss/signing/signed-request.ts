import { nodeTimers } from '../../timers/node-timers.js';
import {
  type Credentials,
  type CredentialsSource,
  isSameCredentials,
} from '../credentials/credentials.js';
import { type HttpAnswer, headerOf } from '../http/message.js';
import { type RequestDeadline, RequestTimedOut } from '../http/request-deadline.js';
import { requestError } from '../http/request-error.js';
import type { OssRequest } from '../request/oss-request.js';
import { loadErrorDocuments, readErrorDocument } from '../response/error-document.js';
import type { RequestSigner } from './request-signer.js';

/**
 * Sends a request and resolves with its answer. Calls `sign` when the request can leave at once: a
 * signature is good for minutes only.
 */
type Transfer<Answer extends HttpAnswer> = (
  sign: () => { path: string; headers: string[] },
) => Promise<Answer>;

interface Sending {
  readonly credentials: Credentials;
  readonly request: OssRequest;
  readonly deadline: RequestDeadline;
}

/**
 * Signs requests, and signs one again that OSS refused for its signature before it looked at the
 * rest: the clock was wrong, or temporary credentials had ended. At most once, so it is no retry.
 */
export class SignedRequests {
  readonly #signer: RequestSigner;
  readonly #credentials: CredentialsSource;
  readonly #origin: string;

  constructor(signer: RequestSigner, credentials: CredentialsSource, origin: string) {
    this.#signer = signer;
    this.#credentials = credentials;
    this.#origin = origin;
  }

  /**
   * Resolves with whatever OSS answered last, whose error document can be read then. Ends the
   * deadline.
   *
   * @throws {CredentialsError} If there is nothing to sign with.
   * @throws {OssRequestError} If no answer came.
   */
  async send<Answer extends HttpAnswer>(
    request: OssRequest,
    deadline: RequestDeadline,
    transfer: Transfer<Answer>,
  ): Promise<Answer> {
    try {
      if (deadline.signal.aborted) throw this.#interrupted(request, deadline);
      // No `await` where nothing is waited for: the body should be on its way when this returns.
      const found = this.#credentials.get();
      const credentials =
        found instanceof Promise ? await this.#waitFor(found, request, deadline) : found;
      const answering = transfer(() => this.#signer.sign(request, credentials));
      this.#signAhead(request, credentials);
      const reading = loadErrorDocuments();
      const answer = await answering;
      if (answer.status >= 300) await reading;
      if (!isRefused(answer)) return answer;

      const better = await this.#betterCredentials(answer, { credentials, request, deadline });
      if (better === undefined) return answer;
      deadline.restart();
      return await transfer(() => this.#signer.sign(request, better));
    } catch (error) {
      // It ended while it waited for a connection.
      const isInterrupted = deadline.signal.aborted && error === deadline.signal.reason;
      throw isInterrupted ? this.#interrupted(request, deadline) : error;
    } finally {
      deadline.clear();
    }
  }

  /** Signs what is to follow while there is time: two turns on, when the socket has the body. */
  #signAhead({ key, next }: OssRequest, credentials: Credentials): void {
    if (next === undefined || this.#signer.hasPresigned(key)) return;
    nodeTimers.setImmediate(nodeTimers.setImmediate, () =>
      this.#signer.signAhead(key, credentials),
    );
  }

  /** What to sign with once more after a refusal; `undefined` when that would not help. */
  async #betterCredentials(answer: HttpAnswer, sent: Sending): Promise<Credentials | undefined> {
    const { code, serverTime } = readErrorDocument(answer);
    switch (code) {
      case 'RequestTimeTooSkewed': {
        // A gateway may have stamped the header with a time of its own.
        const time = timeOf(serverTime) ?? timeOf(headerOf(answer.headers, 'date'));
        if (time === undefined) return undefined;
        this.#signer.clock.offset = time - nodeTimers.date();
        return sent.credentials;
      }
      case 'SecurityTokenExpired':
      case 'InvalidSecurityToken':
      case 'InvalidAccessKeyId': {
        const found = this.#credentials.renew?.(sent.credentials);
        const renewed =
          found instanceof Promise
            ? await this.#waitFor(found, sent.request, sent.deadline)
            : found;
        return renewed === undefined || isSameCredentials(renewed, sent.credentials)
          ? undefined
          : renewed;
      }
      default:
        return undefined;
    }
  }

  async #waitFor(
    awaited: Promise<Credentials>,
    request: OssRequest,
    deadline: RequestDeadline,
  ): Promise<Credentials> {
    const { signal } = deadline;
    let stop = () => {};
    const interrupted = new Promise<never>((_, reject) => {
      stop = () => reject(this.#interrupted(request, deadline, awaited));
      signal.addEventListener('abort', stop);
      // The provider itself may have aborted.
      if (signal.aborted) stop();
    });
    try {
      return await Promise.race([awaited, interrupted]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Nothing has been sent: waiting for credentials or a connection is all that was done. */
  #interrupted(
    { describe, method }: OssRequest,
    { signal }: RequestDeadline,
    awaited?: Promise<Credentials>,
  ): Error {
    const reason: unknown = signal.reason;
    if (reason instanceof RequestTimedOut && awaited !== undefined) {
      const error = this.#credentials.abandon?.(awaited);
      if (error !== undefined) return error;
    }
    return requestError(reason, { describe, method, origin: this.#origin, isStarted: false });
  }
}

/** Whether OSS itself forbade the request. */
function isRefused({ status, headers }: HttpAnswer): boolean {
  return status === 403 && headerOf(headers, 'x-oss-request-id') !== undefined;
}

const year10000 = Date.UTC(10_000, 0);

/** Milliseconds since 1970, if requests can be signed for that time: its year has four digits. */
function timeOf(text = ''): number | undefined {
  const time = Date.parse(text);
  return time >= 0 && time < year10000 ? time : undefined;
}
