/** Counts which of the added objects are still in memory, without keeping them there. */
export class Living {
  readonly #references = new Set<WeakRef<object>>();

  add<T extends object>(object: T): T {
    this.#references.add(new WeakRef(object));
    return object;
  }

  /** Correct only after a garbage collection in an earlier turn of the event loop. */
  count(): number {
    for (const reference of this.#references) {
      if (reference.deref() === undefined) this.#references.delete(reference);
    }
    return this.#references.size;
  }
}
