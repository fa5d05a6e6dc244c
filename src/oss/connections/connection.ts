import type { Dispatcher } from 'undici';

/** What sends one request at a time to one origin, and connects when there is one. */
export interface Connection extends Pick<Dispatcher, 'dispatch'> {
  /** Host and port of the proxy that it leads through, as far as it has shown. */
  readonly proxy?: string | undefined;

  /** Waits for the request under way. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** How a connection is made and kept, through a proxy or not. */
export const connectionSettings = {
  // OSS does not publish when it closes idle connections. The official SDKs keep theirs for
  // 50 s, and a connection closed under a request costs a reconcile.
  keepAliveTimeout: 20_000,
  keepAliveMaxTimeout: 20_000,
  // Node.js gives each address of a name but the last one 250 ms, and a round trip may take longer:
  // where the others cannot be reached no attempt would ever succeed. With 2.5 s four addresses have
  // their turn within the 10 s, and a lost packet, which is sent again after a second, arrives.
  connect: { timeout: 10_000, autoSelectFamilyAttemptTimeout: 2500 },
} as const;
