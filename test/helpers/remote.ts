import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// biome-ignore lint/suspicious/noExplicitAny: accepts any function
type Functions = Record<string, (...args: any[]) => unknown>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: unknown;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Functions that run in another process; values are passed by structured clone. */
export class Remote<Api extends Functions> implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /**
   * @param program Path of its source from the root, without the extension; it must be built.
   * @param options As for `fork()`.
   */
  constructor(program: string, options: ForkOptions = {}) {
    this.process = fork(builtProgram(program), { ...options, serialization: 'advanced' });
    this.process.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(error);
    });
    this.process.on('exit', (code, signal) => {
      const error = new Error(`"${program}" has ended (${signal ?? code})`);
      for (const waiting of this.#waiting.values()) waiting.reject(error);
      this.#waiting.clear();
    });
  }

  /** Resolves with the function's result; rejects if the process ends first. */
  call<Name extends keyof Api & string>(
    name: Name,
    ...args: Parameters<Api[Name]>
  ): Promise<Awaited<ReturnType<Api[Name]>>> {
    const call: Call = { id: ++this.#calls, name, args };
    return new Promise((resolve, reject) => {
      this.#waiting.set(call.id, { resolve: resolve as Waiting['resolve'], reject });
      this.process.send(call, (error) => error && reject(error));
    });
  }

  /** Resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill(signal);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Answers the calls of a {@link Remote} until it disconnects. */
export function serve(functions: Functions): void {
  const run = async ({ name, args }: Call) => functions[name]?.(...args);
  process.on('message', (call: Call) => {
    run(call).then(
      (result) => process.send?.({ id: call.id, result }),
      (error) => process.send?.({ id: call.id, error }),
    );
  });
  process.once('disconnect', () => process.exit());
}

/** Path of a built program of the repository, whether or not this file is built itself. */
export function builtProgram(path: string): string {
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve('oss-append-stream/package.json')), 'build', `${path}.js`);
}
