import type { AppendOutcome } from '../../append/append-client.js';
import { OssRequestError } from '../../errors.js';
import { isAggregateError, isError } from '../../is-error.js';
import { isProgrammingError } from '../../programming-error.js';
import { sanitize } from '../response/sanitize.js';
import { RequestAborted, RequestTimedOut } from './request-deadline.js';

/** How far a request had come when it failed. */
interface FailedRequest {
  /** What it was for, after "Cannot": `append 5 bytes to "a.log" at position 0`. */
  readonly describe: () => string;
  readonly method: string;
  readonly origin: string;

  /** Host and port of the proxy that it was sent through, if any. */
  readonly proxy?: string | undefined;

  /** Whether it had been handed to a connection. */
  readonly isStarted: boolean;

  /**
   * Whether it would be known if it had been handed to a connection; absent where it had not even
   * reached a dispatcher.
   */
  readonly tellsStart?: boolean;

  /** Whether its dispatcher takes no more requests, ever. */
  readonly isClosed?: boolean;
}

/** Makes an error of what a connection, a timer or a signal reported. */
export function requestError(error: unknown, request: FailedRequest): OssRequestError {
  const { method, origin, proxy, isStarted, tellsStart, isClosed } = request;
  const way = proxy === undefined ? '' : ` through the proxy at ${proxy}`;
  const begin = `Cannot ${request.describe()}: ${method} to ${origin}${way}`;
  const isWaiting = !isStarted && tellsStart !== false;
  const certainty = ambiguity(isWaiting);
  if (error instanceof RequestTimedOut) {
    const missing = isStarted ? 'answer' : 'connection';
    const reserve = isStarted || isWaiting ? '' : ', as far as its dispatcher tells';
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
  // What undici could not parse. A server may have sent back the very request, signature and all.
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
  // Of a request that only reads nothing can have been stored, whatever has left.
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
 * The dispatcher refuses the call itself: one of another major of undici, or a mock that knows no
 * answer to it.
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

// Node's own names, c-ares' and the resolver's.
const resolverCodes = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED', 'ETIMEOUT']);

// OpenSSL's verification results, as Node spells them.
const certificateCode = /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|CRL_|ERR_TLS_|ERR_SSL_)/;

/**
 * Whether the connection was never made, so that nothing of the request can have left.
 *
 * A bare `ETIMEDOUT` or `ECONNRESET` proves nothing: a write fails with them too.
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
    // A bare ECONNRESET but for these words of Node's.
    message.includes('before secure TLS connection was established') ||
    (typeof code === 'string' &&
      (code === 'UND_ERR_CONNECT_TIMEOUT' ||
        code === 'EPROTO' ||
        code.startsWith('EAI_') ||
        resolverCodes.has(code) ||
        certificateCode.test(code)))
  );
}

/** Errors of several addresses that are named; a name rarely has more. */
const mostReasons = 4;

function reasonOf(error: unknown): string {
  if (!isError(error)) return sanitize(String(error));
  if (isAggregateError(error) && error.errors.length > 0) return reasonsOf(error);
  // An AggregateError has an empty message; its code is that of its first error.
  const { code } = error as NodeJS.ErrnoException;
  return sanitize(error.message || code || error.name);
}

/** What Node.js reports when it has tried every address of a name, one after the other. */
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
