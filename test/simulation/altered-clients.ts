import { Readable } from 'node:stream';
import type { AppendClient, AppendFailure } from '../../src/append/append-client.js';
import { failure } from '../append/scripted-client.js';

/** Clients that deceive the stream, so that it makes the mistakes of other writers. */
type Altered = (client: AppendClient) => AppendClient;

/** It is told that the bytes at its old place are another writer's, as if it never read them back. */
export const rebaseWithoutReading: Altered = (client) => ({
  ...methodsOf(client),
  getObject: async (_, { start = 0, end = 0 } = {}) => {
    return Readable.from([Buffer.alloc(end - start, 0xff)]);
  },
});

/** It learns of a conflict after a pause, as long as most would wait before the next attempt. */
export const backOffOnConflicts: Altered = (client) => {
  let conflicts = 0;
  return {
    ...methodsOf(client),
    appendObject: async (...args) => {
      try {
        const receipt = await client.appendObject(...args);
        conflicts = 0;
        return receipt;
      } catch (error) {
        if ((error as Partial<AppendFailure>).outcome === 'conflict') {
          const pause = Math.min(2000, 20 * 2 ** conflicts++) * (1 + Math.random());
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
        throw error;
      }
    },
  };
};

/** It takes an append without an answer for refused, unless the object turns out to be longer. */
export const moveToShorterObject: Altered = (client) => {
  let doubtful = '';
  return {
    ...methodsOf(client),
    appendObject: async (key, position, body, options) => {
      const place = `${position} of ${key}`;
      try {
        return await client.appendObject(key, position, body, options);
      } catch (error) {
        const { outcome = 'unknown', actualLength = 0 } = error as Partial<AppendFailure>;
        const isLonger = outcome === 'conflict' && actualLength > position;
        if (isLonger && doubtful === place) throw failure.unanswered();
        if (outcome !== 'unknown' || body.length === 0) throw error;
        doubtful = place;
        throw failure.rejected();
      }
    },
  };
};

function methodsOf(client: AppendClient): AppendClient {
  return {
    appendObject: (...args) => client.appendObject(...args),
    headObject: (...args) => client.headObject(...args),
    getObject: (...args) => client.getObject(...args),
    sealAppendObject: (...args) => client.sealAppendObject(...args),
    close: () => client.close(),
  };
}
