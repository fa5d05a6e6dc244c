import { isAppendError } from '../../../src/index.js';
import type { Incarnation } from '../object-history.js';
import type { World } from '../world.js';

/**
 * Compares what a reader gets with the truth: always a beginning of what is there, in order, and in
 * the end everything. Truncation and replacement are noticed before a wrong byte is handed out.
 */
export class ReadWitness {
  readonly #world: World;

  /** What was handed out. */
  #bytes = Buffer.alloc(0);

  /** Key of the object in which reading began, and which had bytes perhaps. */
  #firstKey: string | undefined;

  /** Whether the bytes that are there can be compared no more. */
  #hasFailed = false;

  constructor(world: World) {
    this.#world = world;
    if (world.plan === undefined) this.#firstKey = world.key;
  }

  /** Whether the object can be read to its end. */
  get canReadAll(): boolean {
    const { plan, store, key } = this.#world;
    return plan === undefined ? store.history(key).current !== undefined : store.order.length > 0;
  }

  /** Options of a reader that begins. */
  begin(goesOn: boolean): { readonly start?: number } {
    const { plan, adversary } = this.#world;
    // What was changed before it began it cannot know.
    const isProvable = plan === undefined && adversary.deeds.length === 0;
    if (goesOn && isProvable) return { start: this.#bytes.length };
    this.#bytes = Buffer.alloc(0);
    this.#hasFailed = false;
    if (plan === undefined) return {};
    this.#firstKey = undefined;
    return {};
  }

  read(bytes: Buffer, key: string): void {
    this.#begin(key);
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (!this.#isBeginning()) {
      this.#blame(`got ${bytes.length} bytes of ${key} that were never there`);
    }
  }

  failed(error: Error): void {
    this.#hasFailed = true;
    this.#world.chronicle.count('read', isAppendError(error) ? error.code : error.name);
    const { plan, store, key } = this.#world;
    const isDiverged = isAppendError(error) && error.code === 'APPEND_ERR_DIVERGED';
    const isTampered = plan === undefined && store.history(key).isTampered;
    if (!isDiverged || !isTampered) this.#blame(`fails: ${error.message}`);
  }

  /** It waits, and nothing will ever wake it. */
  stuck(): void {
    this.#blame(`waits for ever after ${this.#bytes.length} bytes`);
  }

  /** Its object was sealed, or it was not to follow. */
  ended(key: string): void {
    this.#begin(key);
    this.#world.chronicle.count('read', 'ended');
    // A stranger may have changed the object while it was read.
    const isWhole = this.#contents().some((bytes) => bytes.equals(this.#bytes));
    if (!isWhole) this.#blame(`ends after ${this.#bytes.length} bytes`);
  }

  /** Nothing was new for long; `false` if there is something that it has not looked at yet. */
  isQuiet(key: string): boolean {
    this.#begin(key);
    if (this.#hasFailed) return true;
    if (this.#isWhole()) return true;
    if (this.#isBeginning(this.#contents().slice(-1))) return false;
    this.#blame('does not notice that the object is another one');
    return true;
  }

  /** Notes where reading began; an empty object counts only if none follows. */
  #begin(key: string): void {
    const { plan, store } = this.#world;
    if (plan === undefined || this.#bytes.length > 0) return;
    if (this.#firstKey === undefined || !store.order.includes(this.#firstKey)) this.#firstKey = key;
  }

  /** Whether what was handed out is the whole of what is there. */
  #isWhole(): boolean {
    return this.#contents().at(-1)?.equals(this.#bytes) ?? false;
  }

  #isBeginning(contents = this.#contents()): boolean {
    const { length } = this.#bytes;
    return contents
      .toReversed()
      .some((bytes) => bytes.length >= length && bytes.subarray(0, length).equals(this.#bytes));
  }

  /** Everything that was ever there, in order. */
  #contents(): readonly Buffer[] {
    const { plan, store, key } = this.#world;
    if (plan === undefined) return store.history(key).states.map(bytesOf);
    const { order } = store;
    const first = order.indexOf(this.#firstKey ?? '');
    if (first === -1) return [Buffer.alloc(0)];
    const objects = order.slice(first).map((name) => bytesOf(store.history(name).current));
    return [Buffer.concat(objects)];
  }

  #blame(problem: string): void {
    this.#world.chronicle.blame(`the reader ${problem}`);
  }
}

function bytesOf(object: Incarnation | undefined): Buffer {
  return object?.bytes ?? Buffer.alloc(0);
}
