import type { Dispatcher } from 'undici';

/** Sends one request at a time to one origin, and connects when the first one arrives. */
export interface Connection extends Pick<Dispatcher, 'dispatch'> {
  /** Host and port of the proxy in use; `undefined` until a request was sent through it. */
  readonly proxy?: string | undefined;

  /** Waits for the request in flight. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** undici options for every connection, with or without a proxy. */
export const connectionSettings = {
  // OSS does not document when it closes idle connections. The official SDKs keep theirs for 50 s.
  // Less is safer: a connection that closes during a request costs a reconcile.
  keepAliveTimeout: 20_000,
  keepAliveMaxTimeout: 20_000,
  // Node.js gives each address of a host, except the last, 250 ms. A round trip may take longer; if
  // the last address is unreachable, no attempt would ever succeed. 2.5 s suffice for one lost
  // packet, which is sent again after a second, and four addresses fit into the 10 s.
  connect: { timeout: 10_000, autoSelectFamilyAttemptTimeout: 2500 },
} as const;
