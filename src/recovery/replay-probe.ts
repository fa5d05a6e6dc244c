import type { ObjectState } from '../append/append-client.js';
import { ObjectProbe } from '../append/object-probe.js';
import { RequestRunner } from '../append/request-runner.js';
import { loadCrc64 } from '../crc64.js';
import type { OssClient } from '../oss/oss-client.js';
import { ObjectReader } from '../read/object-reader.js';
import { retrying } from '../read/retry-request.js';
import { resolveCreation } from '../stream/creation-options.js';
import type { AppendWritableOptions } from '../stream/options.js';

/** Finds out what objects hold before a replay appends to them. */
export class ReplayProbe {
  readonly #client: OssClient;
  readonly #append: Omit<AppendWritableOptions, 'key' | 'client'>;
  readonly #probe: ObjectProbe;

  /** @param append Options of the stream that appends. */
  constructor(client: OssClient, append: Omit<AppendWritableOptions, 'key' | 'client'>) {
    const { requestTimeout = 60_000, requestPayer } = append;
    const { signal } = new AbortController();
    const requests = new RequestRunner({ signal, requestTimeout, request: { requestPayer } });
    this.#client = client;
    this.#append = append;
    this.#probe = new ObjectProbe(client, requests);
  }

  /**
   * Resolves with the state of an object; `undefined` if it does not exist.
   *
   * @param guess Its most likely length.
   */
  ask(key: string, guess: number): Promise<ObjectState | undefined> {
    const create = resolveCreation('replay', this.#append);
    const whereabouts = { guess, least: guess, greatest: guess, create };
    return retrying(() => this.#probe.ask(key, whereabouts));
  }

  /** As {@link ask}, without a length to expect, and never creates the object. */
  find(key: string): Promise<ObjectState | undefined> {
    return retrying(() => this.#probe.find(key));
  }

  /** How many of `bytes`, from the first on, are in the object at `start`. */
  async matchingLength(key: string, start: number, bytes: Buffer): Promise<number> {
    if (bytes.byteLength === 0) return 0;
    const { requestPayer, trafficLimit } = this.#append;
    const reader = new ObjectReader(this.#client, await loadCrc64());
    const range = { start, end: start + bytes.byteLength };
    let matching = 0;
    for await (const piece of reader.read(key, range, { requestPayer, trafficLimit })) {
      const same = commonLength(bytes.subarray(matching, matching + piece.byteLength), piece);
      matching += same;
      if (same < piece.byteLength) break;
    }
    return matching;
  }
}

function commonLength(ours: Buffer, theirs: Buffer): number {
  if (ours.equals(theirs)) return theirs.byteLength;
  const different = theirs.findIndex((byte, index) => byte !== ours[index]);
  return different === -1 ? theirs.byteLength : different;
}
