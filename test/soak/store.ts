import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StoreAnswer, StoreCalls, StoreRequest } from './store-process.js';

type Result<Name extends keyof StoreCalls> = Awaited<ReturnType<StoreCalls[Name]>>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The emulator in its own process. */
export class Store {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.#process = child;
    child.on('message', (answer: StoreAnswer) => this.#settle(answer));
    child.once('exit', (code) => {
      const error = new Error(`The emulator's process ended with ${code}`);
      for (const { reject } of this.#waiting.values()) reject(error);
    });
  }

  static async start(seed: number): Promise<Store> {
    const script = fileURLToPath(new URL('./store-process.js', import.meta.url));
    const child = fork(script, [String(seed)], { execArgv: [] });
    await once(child, 'spawn');
    return new Store(child);
  }

  /** Runs a call in that process. */
  call<Name extends keyof StoreCalls>(
    name: Name,
    ...values: Parameters<StoreCalls[Name]>
  ): Promise<Result<Name>> {
    const id = this.#calls++;
    this.#process.send({ id, name, values } satisfies StoreRequest);
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    }) as Promise<Result<Name>>;
  }

  async close(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.disconnect();
    await exited;
  }

  #settle({ id, value, problem }: StoreAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (problem === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(`The emulator's process failed: ${problem}`));
  }
}
