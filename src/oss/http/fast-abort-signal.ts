/** The part of an `AbortSignal` that a request needs. */
export type RequestSignal = Pick<AbortSignal, 'aborted' | 'reason' | 'throwIfAborted'> & {
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
};

const followers = new WeakMap<AbortSignal, FastAbortSignal>();

/**
 * Returns a signal that fires when `signal` does: always the same one for the same `signal`, with a
 * single listener. Listening to a real `AbortSignal` for each request takes as long as signing it.
 */
export function followOnce(signal: AbortSignal): RequestSignal {
  let follower = followers.get(signal);
  if (follower === undefined) {
    const light = new FastAbortSignal();
    follower = light;
    followers.set(signal, light);
    if (signal.aborted) light.abort(signal.reason);
    else signal.addEventListener('abort', () => light.abort(signal.reason), { once: true });
  }
  return follower;
}

/** A signal and its controller in one: creating a real `AbortSignal` is slower. */
export class FastAbortSignal implements RequestSignal {
  #listeners: (() => void)[] = [];
  #aborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Calls every listener, only the first time. */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }
}
