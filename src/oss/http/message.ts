import type { Dispatcher } from 'undici';
import type { ConnectionReuse } from '../connections/connection-reuse.js';
import { sanitize } from '../response/sanitize.js';
import { trimHeaderEnd } from '../trim-header.js';

/** Sends one request. */
export interface RequestDispatcher extends Pick<Dispatcher, 'dispatch'> {
  /** Whether it certainly sends nothing before it calls `onRequestStart`. */
  readonly tellsStart: boolean;

  /** Whether the body of the request may have been read. */
  readonly wasRead: boolean;

  /** Whether it accepts no more requests, ever. */
  readonly isClosed: boolean;

  /** Whether the connections that it uses can be reused. */
  readonly reuse: ConnectionReuse;

  /** Host and port of the proxy that it sends through, if known. */
  readonly proxy?: string | undefined;
}

/** A signed request, as it is sent. */
export interface HttpRequest {
  readonly origin: string;
  readonly method: 'GET' | 'HEAD' | 'POST';

  /** Encoded path with query. Must not be parsed and rebuilt. */
  readonly path: string;

  /** Alternating names and values. */
  readonly headers: string[];
  readonly body?: Uint8Array | undefined;

  /** Says what the request does, for use after "Cannot" in an error message. */
  readonly describe: () => string;
}

export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;

  /** The first 64 KiB. */
  readonly body: Buffer;

  /** Host and port of the proxy that it was received through, if any. */
  readonly proxy?: string | undefined;
}

/** Returns a header that occurs exactly once; a repeated one is ambiguous. */
export function headerOf(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  // undici does not remove trailing space, which does not belong to the value.
  return typeof value === 'string' ? trimHeaderEnd(value) : undefined;
}

/** As {@link headerOf}, sanitized for messages. */
export function sanitizedHeader(headers: HttpHeaders, name: string): string | undefined {
  const value = headerOf(headers, name);
  return value === undefined ? undefined : sanitize(value);
}
