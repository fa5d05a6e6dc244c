import { finished } from 'node:stream';
import type { AppendWritable, CommitEvent, SealEvent, UncommittedBytes } from '../../src/index.js';
import type { Chronicle } from './chronicle.js';
import type { Ledger } from './ledger.js';
import { checksumOf, type ObjectHistory } from './object-history.js';
import type { RebaseWitness } from './rebase-witness.js';
import { nearlyFull, type RollWitness } from './roll-witness.js';
import type { Landing, SimulatedClient } from './simulated-client.js';
import type { SimulatedStore } from './simulated-store.js';
import type { User } from './user.js';

export interface Scene {
  readonly store: SimulatedStore;
  readonly chronicle: Chronicle;
  readonly client: SimulatedClient;

  /** Compares what it does with the objects of a rolling plan, if there is one. */
  readonly rolling: RollWitness | undefined;
  /** Compares what it does in objects that it shares, if it does. */
  readonly rebasing: RebaseWitness | undefined;
  readonly user: User;

  /** What it is to do where others have appended. */
  readonly conflict: string;

  /** The bytes of its writer that have landed. */
  readonly ledger: Ledger;

  /** Offset in the source of the first byte of the stream. */
  readonly start: number;
  readonly chunkSize: number;

  /** Most bytes that it may hold, in addition to the largest write. */
  readonly bound: number;

  /** Whether its user writes as fast as possible. */
  readonly isGreedy: boolean;

  /** Ends each record, if chunks must end with records. */
  readonly recordDelimiter: string | undefined;

  /** Code of the error with which opening must fail, if it must. */
  readonly refusal: string | undefined;

  /** Whether endless retries survive everything, so that only its user can end it. */
  readonly isSurvivable: () => boolean;

  /** Whether the stream was told to seal the object at its end. */
  readonly isSealing: boolean;

  /** Whether every checksum of the store is right. */
  readonly isTruthful: boolean;
}

const events = [
  'ready',
  'drain',
  'commit',
  'retry',
  'reconcile',
  'seal',
  'rollover',
  'finish',
  'error',
  'close',
];

/** Compares, at every event, what one stream reports with the truth. */
export class Witness {
  /** `finished`, `destroyed`, or the code of the error; `undefined` until it is closed. */
  outcome: string | undefined;

  /** Bytes that it handed back. */
  rest: UncommittedBytes | undefined;
  readonly #stream: AppendWritable;
  readonly #scene: Scene;
  readonly #events: string[] = [];

  /** Key of the current object, and the position of the first byte of the source there. */
  #place: { readonly rollovers: number; readonly key: string; readonly base: number } | undefined;
  #positionBefore = 0;
  #seals = 0;

  /** Offset in the source of the end of the bytes in commit events. */
  #committed: number;

  /** Whether `finished()` reported success. */
  #hasFinished: boolean | undefined;

  /** Whether its chunk may have been stored, as far as it could know, when it closed. */
  #isInDoubt = false;

  /** Most bytes that it held at once. */
  #peak = 0;

  /** Offset in the source of the end of the last chunk sent. */
  #sentEnd = 0;

  constructor(stream: AppendWritable, scene: Scene) {
    this.#stream = stream;
    this.#scene = scene;
    this.#committed = scene.start;
    finished(stream, (error) => {
      this.#hasFinished = !error;
    });
    stream.on('ready', ({ key, position }) => scene.rolling?.ready(key, position));
    stream.on('rollover', (event) => scene.rolling?.rolled(event));
    stream.on('commit', (commit) => {
      this.#checkCommit(commit);
      scene.rolling?.committed();
    });
    stream.on('seal', (event) => {
      scene.chronicle.count('sealed', event.error === undefined ? 'sealed' : 'failed');
      this.#checkSeal(event);
    });
    stream.on('reconcile', ({ outcome }) => scene.chronicle.count('reconcile', outcome));
    for (const event of events) {
      stream.on(event as 'close', (...payload: unknown[]) => {
        scene.chronicle.tell('stream', () => `${event} ${payload.map(inWords).join(' ')}`);
        this.#events.push(event);
        if (event === 'close') this.#close();
        this.check();
      });
    }
  }

  /** Checks what must hold at any moment. */
  check(): void {
    const { ledger, user, client, start, chunkSize, bound, rolling } = this.#scene;
    rolling?.watch();
    const { bytesWritten, position, stats, destroyed, writableLength } = this.#stream;
    const committed = start + bytesWritten;
    if (committed > ledger.mostEnd)
      this.#blame(`bytesWritten ${bytesWritten} is more than objects have ever had`);
    if (user.acknowledged > committed) {
      this.#blame(`acknowledged ${user.acknowledged} of ${committed}`);
    }
    if (client.inFlight > 1) this.#blame(`${client.inFlight} requests are in flight`);
    this.#checkPosition(position, committed, stats.rollovers);

    const { bytesAccepted, bytesInFlight } = stats;
    const most = this.#largestChunk;
    // One chunk in flight, and 64 waiting.
    if (bytesAccepted - bytesWritten > 64 * chunkSize + most || bytesInFlight > most) {
      this.#blame(`${bytesAccepted - bytesWritten} bytes are in chunks of ${chunkSize}`);
    }
    // These, and one being filled; released memory is reused.
    if (client.memory.size > 66 + client.kept) {
      this.#blame(`chunks used ${client.memory.size} pieces of memory`);
    }
    if (destroyed) return;
    this.#peak = Math.max(this.#peak, writableLength);
    if (writableLength !== user.written - committed) {
      this.#blame(`writableLength is ${writableLength} with ${user.written - committed} to commit`);
    }
    if (writableLength > bound + user.largestWrite) {
      this.#blame(`it holds ${writableLength} bytes with a bound of ${bound}`);
    }
  }

  /** Checks where a chunk ends, when it is sent for the first time. */
  sent(body: Uint8Array): void {
    const { recordDelimiter, user, start, chunkSize, ledger } = this.#scene;
    const end = user.committed + body.length;
    this.#scene.rolling?.sent(user.committed, body.length);
    this.#scene.rebasing?.sent(user.committed, body.length);
    if (this.#scene.rebasing !== undefined) return;
    if (recordDelimiter === undefined) return;
    // Sent again, perhaps without its first bytes, which have been committed.
    if (end === this.#sentEnd) return;
    this.#sentEnd = end;
    const begin = end - body.length;
    const recordsEnd = ledger.source.lastRecordEnd(start, end, recordDelimiter);
    const isLong = recordsEnd <= begin && body.length === chunkSize;
    if (recordsEnd === end || isLong || user.demanded > Math.max(recordsEnd, begin)) return;
    this.#blame(
      `the chunk up to ${end} ends within a record, the last of which ends at ${recordsEnd}`,
    );
  }

  /** Checks what must hold at the end, when no request is in flight. */
  conclude(): void {
    const { user, client, chronicle, refusal } = this.#scene;
    if (this.outcome === undefined) {
      this.#blame('it hangs');
      return;
    }
    chronicle.count('outcome', this.outcome);
    this.#countMemory();
    if (user.waiting > 0) this.#blame(`${user.waiting} callbacks did not run`);
    for (const { byteLength } of client.memory) {
      if (byteLength > this.#largestChunk)
        this.#blame(`a chunk used ${byteLength} bytes of memory`);
    }
    if (this.#hasFinished !== (this.outcome === 'finished'))
      this.#blame('finished() and the outcome disagree');
    this.#checkEvents();
    this.#scene.rolling?.conclude();
    this.#scene.rebasing?.conclude();
    if (refusal !== undefined && this.#stream.bytesWritten > 0)
      this.#blame('it committed bytes although opening had to fail');
    if (this.outcome === 'finished') {
      this.#concludeWell();
    } else {
      const { confirmed } = this.rest ?? {};
      const what = confirmed === undefined ? 'nothing' : confirmed ? 'confirmed' : 'not confirmed';
      chronicle.count('handed back', what);
      this.#concludeBadly();
    }
  }

  #close(): void {
    const { errored, writableFinished } = this.#stream;
    this.rest = this.#stream.takeUncommitted();
    const { key } = this.#stream;
    const { position = 0 } = this.rest ?? this.#stream;
    this.#isInDoubt = this.#scene.client.sent.mayHaveLanded(key, position);
    this.outcome = writableFinished ? 'finished' : codeOf(errored);
  }

  /** Counts whether it ever reached its bound. */
  #countMemory(): void {
    const { chronicle, bound, isGreedy } = this.#scene;
    if (!isGreedy) return;
    chronicle.count('memory', this.#peak >= bound ? 'as much as the bound' : 'less');
  }

  /** Most bytes of a chunk, and of the memory it uses. */
  get #largestChunk(): number {
    const { chunkSize, rebasing, bound } = this.#scene;
    return rebasing === undefined ? chunkSize : Math.max(chunkSize, bound);
  }

  get #history(): ObjectHistory {
    return this.#scene.store.history(this.#stream.key);
  }

  /** The bytes of each commit must be in the object that it names, and follow those before. */
  #checkCommit(commit: CommitEvent): void {
    const { store, ledger, rebasing } = this.#scene;
    const { key, position, byteLength } = commit;
    const start = this.#committed;
    const history = store.history(key);
    this.#committed += byteLength;
    rebasing?.committed(commit, start);
    if (history.isTampered) return;
    const { bytes, hidden } = history.current ?? { bytes: Buffer.alloc(0), hidden: 0 };
    const stored = bytes.subarray(position - hidden, position - hidden + byteLength);
    if (!stored.equals(ledger.source.bytes.subarray(start, this.#committed))) {
      this.#blame(`bytes from ${start} on are not in "${key}" at ${position}+${byteLength}`);
    }
  }

  #checkChecksum(): void {
    const { crc64: actual, position = 0 } = this.#stream;
    const { current, isTampered } = this.#history;
    if (isTampered || actual === undefined || !this.#scene.isTruthful) return;
    const { hidden = 0 } = current ?? {};
    if (actual !== (current === undefined ? 0n : checksumOf(current, position - hidden))) {
      this.#blame('finished with a checksum that is not that of the object');
    }
  }

  /** Whether bytes that it did not commit are in an object where they could still land. */
  #isThere(landed: Landing | undefined): boolean {
    const { store, user, client } = this.#scene;
    if (landed === undefined || landed.end <= user.committed) return false;
    const { key, object, position, removals, expected = object } = landed;
    // A stranger has made another object as long as the one that took no more, or made room.
    const isOther = client.sent.isFenced(key, position) && (object !== expected || removals > 0);
    return !isOther && store.history(key).current?.number === object;
  }

  /** Every object that it is through with is sealed where the stream left it. */
  #checkSeal({ key, position, error }: SealEvent): void {
    const { user, client, rolling, rebasing, store } = this.#scene;
    const history = store.history(key);
    const run = client.sent.runs.findLast((it) => it.key === key);
    this.#seals++;
    const end = rolling === undefined ? user.written : this.#committed;
    if (rebasing !== undefined && position > history.mostLength) {
      this.#blame(`sealed ${key} at ${position}, and it has never been so long`);
    } else if (
      rebasing === undefined &&
      run !== undefined &&
      position !== run.position + end - run.offset
    ) {
      this.#blame(`sealed ${key} at ${position}, and not where it had ended`);
    }
    if (error === undefined && !history.isTampered && history.current?.sealed !== true) {
      this.#blame(`reported a seal, but ${key} is not sealed`);
    }
  }

  /** Seals that it must have reported when it finished. */
  get #sealsDue(): number {
    const { isSealing, rolling } = this.#scene;
    if (!isSealing || rolling === undefined) return Number(isSealing);
    const left = rolling.rollovers.filter(({ reason, from }) => {
      return from.position > 0 && reason !== 'sealed' && reason !== 'conflict';
    });
    return left.length + Number((this.#stream.position ?? 0) > 0);
  }

  #checkPosition(position: number | undefined, committed: number, rollovers: number): void {
    const { key } = this.#stream;
    if (position === undefined) return;
    if (this.#scene.rebasing !== undefined) {
      this.#scene.rebasing.checkPosition(key, position, committed);
      return;
    }
    const base = position - committed;
    if (this.#place?.rollovers !== rollovers || this.#place.key !== key) {
      this.#place = { rollovers, key, base };
      this.#positionBefore = 0;
    }
    if (this.#place.base !== base) {
      this.#blame(`position ${position} is not the first one plus ${committed}`);
    }
    if (position < this.#positionBefore) this.#blame('the position has decreased');
    this.#positionBefore = position;
  }

  #checkEvents(): void {
    const { errored, stats, bytesWritten } = this.#stream;
    const ending = this.outcome === 'finished' ? ['finish'] : errored === null ? [] : ['error'];
    const count = (name: string) => this.#events.filter((event) => event === name).length;
    const told = this.#events.slice(-1 - ending.length);
    const isOnce = ['finish', 'error', 'close', 'ready'].every((event) => count(event) <= 1);
    if (this.outcome === 'finished' && this.#seals !== this.#sealsDue) {
      this.#blame(`it finished after ${this.#seals} seals instead of ${this.#sealsDue}`);
    }
    if (String(told) !== String([...ending, 'close']) || !isOnce) {
      this.#blame(`its events end with ${told}`);
    }
    const { appends, retries, reconciles, rollovers, conflicts } = stats;
    const { client, chronicle, conflict } = this.#scene;
    if (conflicts > 0) chronicle.count('conflict', conflict, conflicts);
    const mostConflicts = client.conflicts + client.unsureConflicts;
    const isComplete = this.outcome === 'finished';
    if (conflicts > mostConflicts || (isComplete && conflicts < client.conflicts)) {
      this.#blame(`its statistics count ${conflicts} conflicts instead of ${client.conflicts}`);
    }
    const counted = [appends, retries, reconciles, rollovers];
    const seen = ['commit', 'retry', 'reconcile', 'rollover'].map(count);
    if (String(counted) !== String(seen))
      this.#blame(`its statistics count ${counted} events instead of ${seen}`);
    const said = Reflect.get(errored ?? {}, 'bytesWritten') ?? bytesWritten;
    if (said !== bytesWritten)
      this.#blame(`its error reports ${said} bytes instead of ${bytesWritten}`);
  }

  #concludeWell(): void {
    const { user, refusal } = this.#scene;
    if (refusal !== undefined) this.#blame('it finished although opening had to fail');
    if (user.committed !== user.written) {
      this.#blame(`finished with ${user.committed} of ${user.written}`);
    }
    if (this.rest !== undefined) this.#blame('finished, but handed bytes back');
    if (this.#committed !== user.written)
      this.#blame('finished, but not all was said to be committed');
    this.#checkChecksum();
  }

  #concludeBadly(): void {
    const { user, client, ledger, isSurvivable, refusal } = this.#scene;
    const { position, errored } = this.#stream;
    if (isSurvivable() && !user.hasGivenUp && this.outcome !== refusal && !this.#mustGiveUp) {
      this.#blame(`gave up: ${errored}`);
    }
    const { bytes = Buffer.alloc(0), confirmed = true } = this.rest ?? {};
    const due = ledger.source.bytes.subarray(user.committed, user.written);
    if (!bytes.equals(due))
      this.#blame(`handed back ${bytes.length} bytes instead of ${due.length}`);
    if (this.rest === undefined || position === undefined) return;
    // A chunk that has moved and is not committed is at its last place; where it is not there, nowhere.
    const isMoved = this.#scene.rebasing !== undefined;
    const place = isMoved ? client.sent.placeOf(user.committed)?.position : position;
    if (this.rest.position !== place && !(isMoved && confirmed))
      this.#blame(`handed bytes back for position ${this.rest.position}`);
    if (confirmed && this.#isThere(client.landings.at(-1))) {
      this.#blame('the object contains bytes confirmed as not stored');
    }
    if (!confirmed && !this.#isInDoubt)
      this.#blame('not confirmed, but the chunk cannot have been stored');
    const isUnconfirmed = this.outcome === 'APPEND_ERR_UNCONFIRMED';
    const isExhausted = this.outcome === 'APPEND_ERR_RETRIES_EXHAUSTED';
    if (confirmed ? isUnconfirmed : isExhausted)
      this.#blame(`${this.outcome} with confirmed: ${confirmed}`);
  }

  /** Whether the object took no more, and the next bytes may not be in another one. */
  get #mustGiveUp(): boolean {
    const { rolling, user } = this.#scene;
    const refusals = ['APPEND_ERR_DIVERGED', 'APPEND_ERR_NOT_APPENDABLE', 'APPEND_ERR_OBJECT_FULL'];
    // With a chunk in doubt the refusal of a full object proves nothing.
    if ((this.#stream.position ?? 0) > nearlyFull) return true;
    const isRefused = refusals.includes(`${this.outcome}`);
    return isRefused && rolling?.isUndividedAt(user.committed) === true;
  }

  #blame(problem: string): void {
    this.#scene.chronicle.blame(problem);
  }
}

function codeOf(error: Error | null): string {
  if (error === null) return 'destroyed';
  return String(Reflect.get(error, 'code') ?? error.name);
}

function inWords(payload: unknown): string {
  if (payload instanceof Error) return `${payload.name}: ${payload.message}`;
  return JSON.stringify(payload, (_, value) => (value instanceof Error ? value.message : value));
}
