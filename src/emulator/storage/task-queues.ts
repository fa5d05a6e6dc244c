/** Runs tasks with the same name one by one, and tasks with different names concurrently. */
export class TaskQueues {
  /** The last task of each name; never rejects. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `task` after all earlier tasks with this name and before all later ones. */
  async run<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const running = before.then(task);
    const settled = running.catch(() => {});
    this.#last.set(name, settled);
    try {
      return await running;
    } finally {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    }
  }

  /** Resolves when no task is left whose name begins with `prefix`. */
  async idle(prefix: string): Promise<void> {
    for (;;) {
      const tasks = [...this.#last].filter(([name]) => name.startsWith(prefix));
      if (tasks.length === 0) return;
      await Promise.all(tasks.map(([, task]) => task));
    }
  }
}
