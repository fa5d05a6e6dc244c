import type { AppendWritableOptions } from '../../src/index.js';
import { deliver, last, middle, newObject, type Place, setStage } from '../helpers/delivery.js';
import type { HttpAnswer, Intervention } from '../helpers/http-proxy.js';

export const places = [newObject, middle, last];
export const everyTime = { times: 99 };

/** Each row at one place, in turn: every row at every place would find nothing more. */
export function inTurn<Row>(rows: readonly Row[]): (Row & { place: Place })[] {
  return rows.map((row, index) => ({ ...row, place: places[index % places.length] as Place }));
}

/** A delivery through a proxy that interferes with the appends of `place`. */
export async function deliverWith(
  place: Place,
  intervention: Intervention,
  { times = 1, ...options }: Partial<AppendWritableOptions> & { times?: number } = {},
) {
  const stage = await setStage(place.base);
  stage.proxy.intercept({ operation: 'append', nth: place.nth, times }, intervention);
  return deliver(stage, options);
}

export const withoutRequestId = ({ headers, ...answer }: HttpAnswer): HttpAnswer => ({
  ...answer,
  headers: { ...headers, 'x-oss-request-id': undefined },
});
