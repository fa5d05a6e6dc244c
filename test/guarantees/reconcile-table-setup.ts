import { append, send } from '../emulator/signed-request.js';
import {
  chunkAt,
  contentBefore,
  key,
  last,
  middle,
  newObject,
  oldObject,
  type Place,
  type Stage,
} from '../helpers/delivery.js';
import { type Ending, type ProxiedOperation, refusal } from '../helpers/http-proxy.js';

export const places = [newObject, middle, last];

/** Places where the object exists before the chunk. */
export const laterPlaces = [oldObject, middle, last];
export const everyTime = { times: 99 };
export const internalError = refusal(500, 'InternalError');

/** An action of another writer on the object. */
export type Deed = (stage: Stage, place: Place) => Promise<unknown>;

export const seals: Deed = ({ emulator }, place) => sealAt(emulator, contentBefore(place).length);
export const sealsBehindChunk: Deed = ({ emulator }, place) =>
  sealAt(emulator, contentBefore(place).length + chunkAt(place).length);
export const deletes: Deed = ({ emulator }) => send(emulator, { method: 'DELETE', key });

export function sealAt(emulator: Stage['emulator'], position: number) {
  const query = { seal: '', position: String(position) };
  return send(emulator, { method: 'POST', key, query });
}

/** Replaces the object by another appendable one. */
export const replacesBy =
  (content: (place: Place) => string): Deed =>
  async (stage, place) => {
    await deletes(stage, place);
    await append(stage.emulator, key, 0, content(place));
  };

/** Appends at the position of our chunk. */
export const appends =
  (content: (place: Place) => string): Deed =>
  ({ emulator }, place) =>
    append(emulator, key, contentBefore(place).length, content(place));

/** Appends after our chunk. */
export const appendsBehind: Deed = ({ emulator }, place) =>
  append(emulator, key, contentBefore(place).length + chunkAt(place).length, 'zz');

/** Stores the first `length` bytes of the chunk, as a shortened append with a new signature. */
export const storesPart = (length: number): Deed =>
  appends((place) => chunkAt(place).slice(0, length));

/** Runs `deed` instead of the append, which then ends with `ending`. */
export function happens(stage: Stage, place: Place, deed: Deed, ending: Ending = 'reset'): void {
  stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ readBody }) => {
    await readBody();
    await deed(stage, place);
    return ending;
  });
}

/** Stores the append, runs `deed`, then ends the exchange with `ending`. */
export function happensAfter(
  stage: Stage,
  place: Place,
  deed: Deed,
  ending: Ending = 'reset',
): void {
  stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ forward }) => {
    await forward();
    await deed(stage, place);
    return ending;
  });
}

/** The append is applied only when `land()` is called; the stream sees it as lost. */
export function arrivesLate(stage: Stage, { nth }: Place) {
  let arrive = async (): Promise<unknown> => undefined;
  stage.proxy.intercept(
    { operation: 'append', nth },
    async ({ readBody, forward }): Promise<Ending> => {
      await readBody();
      arrive = forward;
      return 'reset';
    },
  );
  return { land: () => arrive() };
}

export function count({ proxy }: Stage, operation: ProxiedOperation): number {
  return proxy.requests.filter((request) => request.operation === operation).length;
}

export const nothing: Deed = async () => {};
