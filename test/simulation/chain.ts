import { Ledger } from './ledger.js';
import type { Random } from './random.js';
import { type Beginning, Session } from './session.js';
import type { Source } from './source.js';
import type { World } from './world.js';

/** Most streams of a writer. */
const mostStreams = 3;

/**
 * A writer: a stream and, if it ended early, perhaps others that continue it.
 *
 * They continue at the position that was handed back, confirmed or not; or they wait until no
 * append can be applied any more, and compare the object first.
 */
export class Chain {
  readonly #world: World;
  readonly #random: Random;
  readonly #sessions: Session[] = [];

  /** What to do when nothing moves any more. */
  #plan: (() => void) | undefined;

  /** @param random Numbers of this writer. */
  constructor(world: World, source: Source, random: Random) {
    this.#world = world;
    this.#random = random;
    const ledger = new Ledger(source, 0);
    const rest = Buffer.alloc(0);
    this.#open({ number: 0, start: 0, ledger, rest, position: undefined, isClean: true });
  }

  /** Has `act` called when the first stream is ready. */
  onReady(act: () => void): void {
    this.#sessions[0]?.stream.once('ready', act);
  }

  /** Key of the object that the last stream appends to. */
  get key(): string {
    return this.#sessions.at(-1)?.stream.key ?? this.#world.key;
  }

  check(): void {
    this.#sessions.at(-1)?.witness.check();
  }

  /** Called when nothing moves any more; returns whether anything was done. */
  wake(): boolean {
    const plan = this.#plan;
    if (plan === undefined) return this.#sessions.at(-1)?.habit.wake() ?? false;
    this.#plan = undefined;
    plan();
    return true;
  }

  /** Called when nothing moves any more and `wake()` did nothing. */
  conclude(): void {
    for (const { witness } of this.#sessions) witness.conclude();
  }

  #open(beginning: Beginning): void {
    const session = new Session(this.#world, beginning, this.#random);
    this.#sessions.push(session);
    session.stream.once('close', () => this.#goOn(session, beginning));
  }

  #goOn(session: Session, beginning: Beginning): void {
    const { plan, isRebasing } = this.#world;
    if (plan === undefined && !isRebasing) this.#continue(session, beginning);
    else this.#restart(session, beginning);
  }

  /** A stream follows that goes on in the same object, where the last one must have stopped. */
  #continue({ user, stream, witness }: Session, beginning: Beginning): void {
    const { limits, adversary } = this.#world;
    const { number, ledger, position, isClean } = beginning;
    if (witness.outcome === 'finished' || number + 1 === mostStreams) return;
    // The position cannot distinguish our object from a stranger's of the same length.
    if (adversary.deeds.includes('remakes')) return;
    const drawn = this.#random.fork(`resumption ${number}`);
    const when = drawn.weighted({ never: 9, 'at once': 1, soon: 1, 'when nothing moves': 1 });
    const delay = drawn.next() * 1000;
    if (when === 'never' || limits.without?.has('resumptions')) return;
    const next: Beginning = {
      number: number + 1,
      start: user.committed,
      ledger,
      rest: witness.rest?.bytes ?? Buffer.alloc(0),
      position: stream.position ?? position,
      isClean: isClean && (witness.rest?.confirmed ?? true),
    };
    if (when === 'at once') this.#resume(next);
    else if (when === 'soon') setTimeout(() => this.#resume(next), delay);
    else this.#plan = () => this.#resume(this.#compared(next));
  }

  /** A stream follows that finds its object by itself. */
  #restart({ user, witness }: Session, { number, ledger, isClean }: Beginning): void {
    const { limits, adversary, isRead } = this.#world;
    // What a stream has sent may land in an object that its reader has left.
    if (isRead) return;
    if (number + 1 === mostStreams || limits.without?.has('resumptions')) return;
    const drawn = this.#random.fork(`restart ${number}`);
    if (!drawn.chance(witness.outcome === 'finished' ? 0.2 : 0.3)) return;
    const when = drawn.pick(['at once', 'soon', 'when nothing moves']);
    const delay = drawn.next() * 1000;
    const { confirmed = true } = witness.rest ?? {};
    // Whose bytes would be behind those that a proxy has sent twice?
    const isLate = !confirmed && 'sent-twice' in adversary.appends;
    const rest = witness.rest?.bytes ?? Buffer.alloc(0);
    const rewritten = { number: number + 1, start: user.committed, rest, ledger, isClean };
    const resume = (beginning: Omit<Beginning, 'position'>) => {
      this.#resume({ ...beginning, position: undefined });
    };
    if (when === 'when nothing moves' || isLate) {
      this.#plan = () => resume(confirmed ? rewritten : this.#settled(rewritten, user.written));
    } else {
      const next = confirmed
        ? rewritten
        : { ...rewritten, ...skipped(ledger.source, user.written) };
      if (when === 'soon') setTimeout(() => resume(next), delay);
      else resume(next);
    }
  }

  /** What is to be written again when no append can be applied any more. */
  #settled<B extends Omit<Beginning, 'position'>>(next: B, written: number): B {
    const { end } = next.ledger;
    const isKnown = next.start <= end && end <= written && !next.ledger.isLost;
    if (!isKnown) return { ...next, ...skipped(next.ledger.source, written) };
    this.#world.store.reveal();
    return { ...next, start: end, rest: next.rest.subarray(end - next.start), isClean: true };
  }

  #resume(beginning: Beginning): void {
    this.#world.chronicle.count('move', 'resumptions');
    this.#open(beginning);
  }

  /** Where to continue, according to the object's content now. */
  #compared(next: Beginning): Beginning {
    const history = this.#world.store.history(this.#world.key);
    if (history.isTampered) return next;
    history.reveal(history.now);
    const start = next.ledger.end;
    const rest = next.rest.subarray(start - next.start);
    return { ...next, start, rest, position: history.length, isClean: true };
  }
}

/** The user does not write again what may have been stored, and goes on behind it. */
function skipped(
  source: Source,
  start: number,
): Pick<Beginning, 'start' | 'rest' | 'ledger' | 'isClean'> {
  return { start, rest: Buffer.alloc(0), ledger: new Ledger(source, start), isClean: false };
}
