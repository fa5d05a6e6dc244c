import type { AppendFailure, ObjectState } from '../../src/append/append-client.js';

/** A stretch of the source that goes to one object: its first byte is to lie at `position`. */
export interface Run {
  readonly key: string;
  readonly offset: number;
  readonly position: number;
}

/** An append of bytes. */
interface SentAppend {
  readonly key: string;
  readonly position: number;

  /** Whether it was definitely refused, and the stream has had time to learn that. */
  isRefused: boolean;

  /** Whether it was definitely refused, or a later answer shows that it was not applied. */
  isDead: boolean;

  /** Whether it was answered, so that it cannot be applied later. */
  isAnswered: boolean;

  /** Whether an answer has shown a greater length since, so that it cannot be applied later. */
  isFenced: boolean;
}

/**
 * The appends of one stream, and what it can know of them. Every byte has one place, and bytes that
 * were sent leave it only when no append of them can land there any more.
 */
export class SentAppends {
  readonly #blame: (problem: string) => void;
  readonly #runs: Run[] = [];

  /** All appends, by key. */
  readonly #sent = new Map<string, SentAppend[]>();

  /** The greatest length of each object that was seen; infinite if it is sealed. */
  readonly #lengths = new Map<string, number>();

  /** Whether others append to the objects too, so that bytes go to another place in the same object. */
  readonly #isRebasing: boolean;

  /** @param isRebasing Whether a refused position is proof that the bytes are not there. */
  constructor(isRebasing: boolean, blame: (problem: string) => void) {
    this.#isRebasing = isRebasing;
    this.#blame = blame;
  }

  /** The run with the byte at this offset, if it was sent. */
  runAt(offset: number): Run | undefined {
    return this.#runs.findLast((run) => run.offset <= offset);
  }

  /** Where the byte at this offset was sent last. */
  placeOf(offset: number): { readonly key: string; readonly position: number } | undefined {
    const run = this.runAt(offset);
    return run && { key: run.key, position: run.position + offset - run.offset };
  }

  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** An append is about to be sent. */
  send(key: string, position: number, offset: number): SentAppend {
    const run = this.#runs.at(-1);
    const place = run === undefined ? undefined : run.position + offset - run.offset;
    if (run?.key !== key || place !== position) {
      if (run !== undefined && place !== undefined)
        this.#move(run, place, { key, offset, position });
      this.#runs.push({ key, offset, position });
    }
    const sent = {
      ...{ key, position },
      ...{ isRefused: false, isDead: false, isAnswered: false, isFenced: false },
    };
    const others = this.#sent.get(key);
    if (others === undefined) this.#sent.set(key, [sent]);
    else others.push(sent);
    return sent;
  }

  /** Whether an answer has shown that no append there can land any more, unless strangers make room. */
  isFenced(key: string, position: number): boolean {
    return (this.#lengths.get(key) ?? 0) > position;
  }

  hasSent(key: string, position: number): boolean {
    return this.#at(key, position).length > 0;
  }

  /** Whether an append there may be applied now or later, as far as its caller can know. */
  mayHaveLanded(key: string, position: number): boolean {
    return this.#at(key, position).some(({ isRefused }) => !isRefused);
  }

  /** Its caller has learnt that it failed. */
  failed(sent: SentAppend, error: unknown): void {
    const { outcome, answered, actualLength = 0 } = error as Partial<AppendFailure>;
    if (outcome === undefined) return;
    if (outcome === 'conflict') this.#seeLength(sent.key, actualLength);
    sent.isAnswered = answered === true || outcome === 'conflict';
    const isRefused = ['rejected', 'forbidden', 'fatal'].includes(outcome);
    sent.isDead = isRefused || (this.#isRebasing && outcome === 'conflict');
    // The stream sees the failure of a first attempt only in the next turn of the event loop.
    if (isRefused) setImmediate(() => Object.assign(sent, { isRefused: true }));
  }

  /** An answer has shown the object. */
  see(key: string, state: Pick<ObjectState, 'length' | 'sealed'> | undefined): void {
    for (const sent of this.#sent.get(key) ?? []) sent.isDead ||= sent.isAnswered;
    this.#seeLength(key, state?.sealed ? Number.POSITIVE_INFINITY : (state?.length ?? 0));
  }

  #seeLength(key: string, length: number): void {
    for (const sent of this.#sent.get(key) ?? []) sent.isFenced ||= length > sent.position;
    if (length > (this.#lengths.get(key) ?? 0)) this.#lengths.set(key, length);
  }

  /** @param place Where the first byte of the new run would lie in the old one. */
  #move(from: Run, place: number, to: Run): void {
    const mayLand = this.#at(from.key, place).some(({ isDead, isFenced }) => !isDead && !isFenced);
    const what = `bytes from ${to.offset} on move from ${from.key}+${place} to ${to.key}+${to.position}`;
    // A clock that was wrong for a moment may lead past another object and back.
    const wasSent = this.hasSent(from.key, place);
    if (from.key === to.key && wasSent && !this.#isRebasing) {
      this.#blame(`${what} in the same object`);
    } else if (mayLand) this.#blame(`${what}, but may still land there`);
  }

  #at(key: string, position: number): SentAppend[] {
    return (this.#sent.get(key) ?? []).filter((sent) => sent.position === position);
  }
}
