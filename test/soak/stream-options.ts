import type { AppendWritableOptions, Credentials } from 'oss-append-stream';
import { longestDelay } from './weather.js';
import type { World } from './world.js';

export type StreamSettings = Omit<AppendWritableOptions, 'key'>;

/** A client for one stream: the shared one, or its own. */
export function drawClient(world: World): StreamSettings {
  const { ownConnection, random, sharedClient } = world;
  switch (random.weighted({ shared: 3, own: 2, provided: 1 })) {
    case 'shared':
      return { client: sharedClient };
    case 'own':
      return ownConnection;
    case 'provided':
      return { ...ownConnection, credentials: createProvider(world) };
  }
}

/** Settings with which a stream survives all faults that are not fatal. */
export function patientSettings({ random, signal }: World) {
  return {
    requestTimeout: random.pick([0.6 * longestDelay, 2 * longestDelay, 60_000]),
    retry: { retries: Number.POSITIVE_INFINITY, minTimeout: 5, maxTimeout: 50 },
    verify: random.pick(['crc64', 'crc64', 'none']),
    signal: random.chance(0.5) ? signal : undefined,
  } satisfies StreamSettings;
}

/** Settings with long timers, so that one that a stopped stream leaves behind shows. */
export function sluggishSettings(): StreamSettings {
  return {
    requestTimeout: 60_000,
    flushInterval: 60_000,
    retry: { minTimeout: 60_000, maxTimeout: 60_000 },
  };
}

/** Provides new temporary credentials on each call. */
export function createProvider({ connection }: World) {
  const credentials = connection.credentials as Credentials;
  let tokens = 0;
  return async () => {
    const expiration = Date.now() + 3_600_000;
    return { ...credentials, securityToken: `token-${++tokens}`, expiration };
  };
}
