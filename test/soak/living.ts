/** Counts which of the objects it was shown are still in memory, and keeps none of them there. */
export class Living {
  readonly #references = new Set<WeakRef<object>>();

  add<T extends object>(object: T): T {
    this.#references.add(new WeakRef(object));
    return object;
  }

  /** Right only after garbage was collected in a turn of its own. */
  count(): number {
    for (const reference of this.#references) {
      if (reference.deref() === undefined) this.#references.delete(reference);
    }
    return this.#references.size;
  }
}
