import type { Dispatcher } from 'undici';
import type { ConnectionReuse } from '../connections/connection-reuse.js';
import { sanitize } from '../response/sanitize.js';

/** What one request is sent through. */
export interface RequestDispatcher extends Pick<Dispatcher, 'dispatch'> {
  /** Whether it is certain that the request has not left before its handler is told of the start. */
  readonly tellsStart: boolean;

  /** Whether anybody may have read the body of the request. */
  readonly wasRead: boolean;

  /** Whether it takes no more requests, ever. */
  readonly isClosed: boolean;

  /** Of the connections that it uses. */
  readonly reuse: ConnectionReuse;

  /** Host and port of the proxy that it sends through, as far as is known. */
  readonly proxy?: string | undefined;
}

/** A request as it goes on the wire. */
export interface HttpRequest {
  readonly origin: string;
  readonly method: 'GET' | 'HEAD' | 'POST';

  /** Raw, with its query: nothing may parse and rebuild it. */
  readonly path: string;

  /** Names and values in turn. */
  readonly headers: string[];
  readonly body?: Uint8Array | undefined;

  /** What it is for, to put after "Cannot" in an error's message. */
  readonly describe: () => string;
}

export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;

  /** The first 64 KiB. */
  readonly body: Buffer;

  /** Host and port of the proxy that it came through, if any. */
  readonly proxy?: string | undefined;
}

/** A header that came exactly once; of one that came twice nobody knows which is meant. */
export function headerOf(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  // undici leaves the space behind a value, which is no part of it.
  return typeof value === 'string' ? value.trimEnd() : undefined;
}

/** As {@link headerOf}, fit to be shown. */
export function sanitizedHeader(headers: HttpHeaders, name: string): string | undefined {
  const value = headerOf(headers, name);
  return value === undefined ? undefined : sanitize(value);
}
