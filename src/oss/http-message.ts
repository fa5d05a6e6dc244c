import type { Dispatcher } from 'undici';

/** What a request is sent through: an undici `Dispatcher`, or as much of one as is needed. */
export type RequestDispatcher = Pick<Dispatcher, 'dispatch'>;

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
}

/** A header that came exactly once; of one that came twice nobody knows which is meant. */
export function headerOf(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
