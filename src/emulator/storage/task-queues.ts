/** Runs tasks of one name in turn, and those of different names meanwhile. */
export class TaskQueues {
  /** The last task of every name that has one. It never rejects. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `task` when all earlier tasks of this name are over, and before all later ones. */
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

  /** Resolves once there is no task left whose name begins with `prefix`. */
  async idle(prefix: string): Promise<void> {
    for (;;) {
      const tasks = [...this.#last].filter(([name]) => name.startsWith(prefix));
      if (tasks.length === 0) return;
      await Promise.all(tasks.map(([, task]) => task));
    }
  }
}
