import type { AppendOutcome } from '../../append/append-client.js';
import { OssRequestError } from '../../errors.js';
import { isAggregateError, isError } from '../../is-error.js';
import { isProgrammingError } from '../../programming-error.js';
import { sanitize } from '../response/sanitize.js';
import { RequestAborted, RequestTimedOut } from './request-deadline.js';

/** A request, and how far it had come when it failed. */
interface FailedRequest {
  /** Says what the request does, after "Cannot": `append 5 bytes to "a.log" at position 0`. */
  readonly describe: () => string;
  readonly method: string;
  readonly origin: string;

  /** Host and port of the proxy that it was sent through, if any. */
  readonly proxy?: string | undefined;

  /** Whether it had been handed to a connection. */
  readonly isStarted: boolean;

  /**
   * Whether `isStarted` is certain to be true once anything was sent; absent if the request did not
   * even reach a dispatcher.
   */
  readonly tellsStart?: boolean;

  /** Whether its dispatcher accepts no more requests, ever. */
  readonly isClosed?: boolean;
}

/** Converts what a connection, a timer or a signal reported to an error. */
export function requestError(error: unknown, request: FailedRequest): OssRequestError {
  const { method, origin, proxy, isStarted, tellsStart, isClosed } = request;
  const way = proxy === undefined ? '' : ` through the proxy at ${proxy}`;
  const begin = `Cannot ${request.describe()}: ${method} to ${origin}${way}`;
  const isWaiting = !isStarted && tellsStart !== false;
  const certainty = ambiguity(isWaiting);
  if (error instanceof RequestTimedOut) {
    const missing = isStarted ? 'answer' : 'connection';
    const reserve = isStarted || isWaiting ? '' : ', as far as its dispatcher reports';
    return new OssRequestError(
      `${begin} got no ${missing} within ${error.timeout} ms${reserve}`,
      certainty,
    );
  }
  if (error instanceof RequestAborted) {
    const before = isWaiting ? ' before it was sent' : '';
    return new OssRequestError(
      `${begin} was aborted by its signal${before}`,
      { ...certainty, name: 'AbortError' },
      { cause: error.cause },
    );
  }
  // `data` is the answer that undici could not parse. It may repeat the request with its signature.
  if (isError(error)) Reflect.deleteProperty(error, 'data');
  const isUnsent = !isStarted && (tellsStart === true || isConnectFailure(error));
  const code = codeOf(error);
  if (isUnsent && isClosed && closedCodes.has(code)) {
    return new OssRequestError(
      `${begin} failed: the dispatcher is closed: ${reasonOf(error)}`,
      { outcome: 'fatal' },
      { cause: error },
    );
  }
  // A GET or HEAD stores nothing, even if it was sent.
  const isHarmless = isUnsent || (!isStarted && method !== 'POST');
  if (isHarmless && isProgrammingError(error)) {
    return new OssRequestError(
      `${begin} failed: the dispatcher threw a ${error.name}: ${reasonOf(error)}`,
      { outcome: 'fatal' },
      { cause: error },
    );
  }
  const isPointless = !isStarted && misuseCodes.has(code);
  return new OssRequestError(
    `${begin} failed: ${reasonOf(error)}`,
    isPointless ? { outcome: 'fatal' } : ambiguity(isUnsent),
    { cause: error },
  );
}

const closedCodes: ReadonlySet<unknown> = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/**
 * Codes with which a dispatcher refuses the call itself: it belongs to another major version of
 * undici, or it is a mock without a matching answer.
 */
const misuseCodes: ReadonlySet<unknown> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_MOCK_ERR_MOCK_NOT_MATCHED',
]);

function codeOf(error: unknown): unknown {
  return isError(error) ? Reflect.get(error, 'code') : undefined;
}

function ambiguity(isCertain: boolean): { outcome: AppendOutcome; answered?: boolean } {
  return isCertain ? { outcome: 'rejected' } : { outcome: 'unknown', answered: false };
}

// Codes of Node.js, c-ares and the system's resolver.
const resolverCodes = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED', 'ETIMEOUT']);

// OpenSSL's verification errors, in Node's spelling.
const certificateCode = /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|CRL_|ERR_TLS_|ERR_SSL_)/;

/**
 * Whether connecting failed, so that no part of the request can have been sent.
 *
 * The codes `ETIMEDOUT` and `ECONNRESET` alone prove nothing: a write fails with them too.
 */
function isConnectFailure(error: unknown): boolean {
  if (isAggregateError(error) && error.errors.length > 0) {
    return error.errors.every(isConnectFailure);
  }
  if (!isError(error)) return false;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    // Its code is ECONNRESET; only Node's message shows that TLS was not established.
    message.includes('before secure TLS connection was established') ||
    (typeof code === 'string' &&
      (code === 'UND_ERR_CONNECT_TIMEOUT' ||
        code === 'EPROTO' ||
        code.startsWith('EAI_') ||
        resolverCodes.has(code) ||
        certificateCode.test(code)))
  );
}

/** Maximum number of addresses listed in a message; few hosts have more. */
const mostReasons = 4;

function reasonOf(error: unknown): string {
  if (!isError(error)) return sanitize(String(error));
  if (isAggregateError(error) && error.errors.length > 0) return reasonsOf(error);
  // An AggregateError has an empty message; its code is that of its first error.
  const { code } = error as NodeJS.ErrnoException;
  return sanitize(error.message || code || error.name);
}

/** Describes the error of Node.js after it has tried every address of a host in turn. */
function reasonsOf(error: AggregateError): string {
  const errors = error.errors.flatMap((each) =>
    each instanceof AggregateError ? each.errors : [each],
  );
  const named = errors.slice(0, mostReasons).map(addressReason).join(', ');
  const left = errors.length - mostReasons;
  const begin = isConnectFailure(error) ? 'no address could be reached: ' : '';
  return left > 0 ? `${begin}${named}, and ${left} more` : `${begin}${named}`;
}

function addressReason(error: unknown): string {
  const { address, port, code } = Object(error) as NodeJS.ErrnoException & {
    address?: unknown;
    port?: unknown;
  };
  if (typeof address !== 'string' || typeof code !== 'string') return reasonOf(error);
  const host = address.includes(':') ? `[${address}]` : address;
  return sanitize(`${host}:${port} ${code}`);
}
