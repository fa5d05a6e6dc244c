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
 * Sends a request and resolves with its answer. Calls `sign` only when the request can be sent at
 * once, because a signature expires after minutes.
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
 * Signs requests. If OSS refuses one because of a wrong clock or expired temporary credentials, and
 * so has not processed it, it is re-signed and sent once more; this does not count as a retry.
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
   * Resolves with OSS's last answer, whose error document can then be read, and clears the deadline.
   *
   * @throws {CredentialsError} If no credentials are available.
   * @throws {OssRequestError} If no answer arrived.
   */
  async send<Answer extends HttpAnswer>(
    request: OssRequest,
    deadline: RequestDeadline,
    transfer: Transfer<Answer>,
  ): Promise<Answer> {
    try {
      if (deadline.signal.aborted) throw this.#interrupted(request, deadline);
      // No needless `await`: the body should have been handed to undici when this returns.
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
      // The deadline ended the request while it waited for a connection.
      const isInterrupted = deadline.signal.aborted && error === deadline.signal.reason;
      throw isInterrupted ? this.#interrupted(request, deadline) : error;
    } finally {
      deadline.clear();
    }
  }

  /** Presigns the next requests two turns later, when the socket has the body. */
  #signAhead({ key, next }: OssRequest, credentials: Credentials): void {
    if (next === undefined || this.#signer.hasPresigned(key)) return;
    nodeTimers.setImmediate(nodeTimers.setImmediate, () =>
      this.#signer.signAhead(key, credentials),
    );
  }

  /** Credentials for re-signing after a refusal; `undefined` if that would not help. */
  async #betterCredentials(answer: HttpAnswer, sent: Sending): Promise<Credentials | undefined> {
    const { code, serverTime } = readErrorDocument(answer);
    switch (code) {
      case 'RequestTimeTooSkewed': {
        // Prefer the document: a gateway may have set the header to its own time.
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
      // The user's provider itself may have aborted the signal.
      if (signal.aborted) stop();
    });
    try {
      return await Promise.race([awaited, interrupted]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Error of a request that ended while it waited for credentials or a connection, not sent. */
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

/** Whether OSS itself refused the request with 403. */
function isRefused({ status, headers }: HttpAnswer): boolean {
  return status === 403 && headerOf(headers, 'x-oss-request-id') !== undefined;
}

const year10000 = Date.UTC(10_000, 0);

/**
 * Milliseconds since 1970; `undefined` for a year that signatures cannot express in four digits.
 */
function timeOf(text = ''): number | undefined {
  const time = Date.parse(text);
  return time >= 0 && time < year10000 ? time : undefined;
}
