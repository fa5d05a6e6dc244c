import { Readable } from 'node:stream';
import type { Exchange } from './exchange.js';

/** The answer to a GET: all of the bytes, or their beginning, after which the connection may break. */
export function download(exchange: Exchange, bytes: Buffer): Readable {
  const { fate, random } = exchange;
  const cut = random.integer(0, bytes.length);
  const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
  if (fate === 'cut') return Readable.from(pieces.slice(0, 1));
  if (fate !== 'broken') return Readable.from(pieces);
  return Readable.from(
    (async function* () {
      yield pieces[0];
      yield await exchange.lose();
    })(),
  );
}
