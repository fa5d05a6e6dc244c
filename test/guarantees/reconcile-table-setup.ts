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

/** Those where the object exists before the chunk. */
export const laterPlaces = [oldObject, middle, last];
export const everyTime = { times: 99 };
export const internalError = refusal(500, 'InternalError');

/** What somebody else does to the object. */
export type Deed = (stage: Stage, place: Place) => Promise<unknown>;

export const seals: Deed = ({ emulator }, place) => sealAt(emulator, contentBefore(place).length);
export const sealsBehindChunk: Deed = ({ emulator }, place) =>
  sealAt(emulator, contentBefore(place).length + chunkAt(place).length);
export const deletes: Deed = ({ emulator }) => send(emulator, { method: 'DELETE', key });

export function sealAt(emulator: Stage['emulator'], position: number) {
  const query = { seal: '', position: String(position) };
  return send(emulator, { method: 'POST', key, query });
}

/** Puts an appendable object in the place of this one. */
export const replacesBy =
  (content: (place: Place) => string): Deed =>
  async (stage, place) => {
    await deletes(stage, place);
    await append(stage.emulator, key, 0, content(place));
  };

/** Appends where our chunk belongs. */
export const appends =
  (content: (place: Place) => string): Deed =>
  ({ emulator }, place) =>
    append(emulator, key, contentBefore(place).length, content(place));

/** Appends behind our chunk. */
export const appendsBehind: Deed = ({ emulator }, place) =>
  append(emulator, key, contentBefore(place).length + chunkAt(place).length, 'zz');

/** The first `length` bytes of the chunk get through: a shortened append with a new signature. */
export const storesPart = (length: number): Deed =>
  appends((place) => chunkAt(place).slice(0, length));

/** Something happens instead of the append, which then ends as `ending` says. */
export function happens(stage: Stage, place: Place, deed: Deed, ending: Ending = 'reset'): void {
  stage.proxy.intercept({ operation: 'append', nth: place.nth }, async ({ readBody }) => {
    await readBody();
    await deed(stage, place);
    return ending;
  });
}

/** The append is stored, then something happens, then it ends as `ending` says. */
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

/** The append arrives only when `land()` is called, while the stream takes it for lost. */
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
