import type { CommitEvent } from '../../src/index.js';
import type { Chronicle } from './chronicle.js';
import type { Ledger } from './ledger.js';
import type { SimulatedClient } from './simulated-client.js';
import type { SimulatedStore } from './simulated-store.js';

export interface RebaseScene {
  readonly store: SimulatedStore;
  readonly chronicle: Chronicle;
  readonly client: SimulatedClient;

  /** The bytes of its writer that have landed. */
  readonly ledger: Ledger;

  /** Offset in the source of the first byte of the stream. */
  readonly start: number;
  readonly chunkSize: number;
  readonly recordDelimiter: string;

  /** Most appends of others that a chunk may wait for; infinite where requests fail. */
  readonly mostWaits: number;

  /** Whether `end()` was called, which commits an unfinished record too. */
  readonly hasEnded: () => boolean;
}

/** Bytes of the source, and where they are. */
interface Committed {
  readonly key: string;
  readonly position: number;
  readonly start: number;
  readonly end: number;

  /** How often strangers had removed the object. */
  readonly removals: number;
}

/** Compares what a stream does in objects that others append to as well with what it must do. */
export class RebaseWitness {
  readonly #scene: RebaseScene;
  readonly #commits: Committed[] = [];
  #positionBefore = { key: '', position: 0, decreases: 0 };

  /** Offset in the source of the end of the last chunk sent. */
  #sentEnd: number;

  /** Appends to the store before a chunk was sent, by the offset of its end, until it is committed. */
  readonly #appendsBefore = new Map<number, number>();

  constructor(scene: RebaseScene) {
    this.#scene = scene;
    this.#sentEnd = scene.start;
  }

  /** A chunk is about to be sent, for the first time or again: it ends with a record. */
  sent(begin: number, byteLength: number): void {
    const { ledger, recordDelimiter, chunkSize, start, store, hasEnded } = this.#scene;
    const end = begin + byteLength;
    // Sent again, perhaps without its first bytes, which have been committed.
    if (end === this.#sentEnd) return;
    this.#sentEnd = end;
    this.#appendsBefore.set(end, store.appends);
    const { source } = ledger;
    if (source.lastRecordEnd(start, end, recordDelimiter) !== end && !hasEnded()) {
      this.#blame(`the chunk up to ${end} ends within a record`);
    }
    const inner = source.lastRecordEnd(begin, end - 1, recordDelimiter);
    if (byteLength > chunkSize && inner > begin) {
      this.#blame(`the chunk up to ${end} is longer than ${chunkSize}, and has several records`);
    }
  }

  /** Bytes from `start` on are said to be committed: one append has stored them there. */
  committed({ key, position, byteLength }: CommitEvent, start: number): void {
    const { client, mostWaits, chronicle } = this.#scene;
    const end = start + byteLength;
    const landing = client.landings.findLast((it) => {
      const isAligned = it.key === key && it.position - it.start === position - start;
      return isAligned && it.start <= start && it.end >= end;
    });
    if (landing === undefined) {
      if (byteLength > 0)
        this.#blame(`no append has stored ${start}+${byteLength} in "${key}" at ${position}`);
      return;
    }
    const { removals, number } = landing;
    this.#commits.push({ key, position, start, end, removals });
    const before = this.#appendsBefore.get(end);
    if (before === undefined) return;
    this.#appendsBefore.delete(end);
    const waits = number - before - 1;
    chronicle.count('waits', inWords(waits));
    if (waits > mostWaits)
      this.#blame(`the chunk up to ${end} waited for ${waits} appends of others`);
  }

  /** The stream says that the next bytes go to `position`, and that all before `committed` are stored. */
  checkPosition(key: string, position: number, committed: number): void {
    const { client, store, start } = this.#scene;
    const { removals, mostLength } = store.history(key);
    const before = this.#positionBefore;
    const place = committed > start ? client.sent.placeOf(committed - 1) : undefined;
    if (place?.key === key && place.position + 1 !== position) {
      this.#blame(`position ${position} is not the end of the bytes before ${committed}`);
    }
    if (position > mostLength) this.#blame(`"${key}" has never been ${position} bytes long`);
    const known = before.key === key ? before : { position: 0, decreases: 0 };
    const decreases = known.decreases + Number(position < known.position);
    if (decreases > removals) this.#blame('the position has decreased');
    this.#positionBefore = { key, position, decreases };
  }

  /** What was committed is still where it was, unless strangers have removed it. */
  conclude(): void {
    const { store, ledger } = this.#scene;
    for (const { key, position, start, end, removals } of this.#commits) {
      const { current, removals: removalsNow } = store.history(key);
      if (current === undefined || removals < removalsNow) continue;
      const from = position - current.hidden;
      const stored = current.bytes.subarray(from, from + end - start);
      if (stored.equals(ledger.source.bytes.subarray(start, end))) continue;
      this.#blame(`bytes from ${start} on are not in "${key}" at ${position} any more`);
    }
  }

  #blame(problem: string): void {
    this.#scene.chronicle.blame(problem);
  }
}

/** How many appends of others a chunk waited for, to the next power of two. */
function inWords(waits: number): string {
  if (waits < 2) return String(waits);
  const most = 2 ** Math.ceil(Math.log2(waits + 1)) - 1;
  return `${(most + 1) / 2} to ${most}`;
}
