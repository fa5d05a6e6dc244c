import { once } from 'node:events';
import { Remote } from '../../helpers/remote.js';
import type { SharingJob, SharingReport } from './sharing-job.js';
import type { SharingWriterFunctions } from './writer-process.js';

/** A writer in a process of its own, as the test sees it; it can write for one case after the other. */
export class SharingWriter implements AsyncDisposable {
  static start(count: number): SharingWriter[] {
    return Array.from({ length: count }, () => new SharingWriter());
  }

  readonly #remote = new Remote<SharingWriterFunctions>('test/guarantees/sharing/writer-process');
  #seen = 0;
  #isDone = false;

  constructor() {
    this.#remote.process.on('message', ({ id, result }: { id: number; result: number }) => {
      if (id === 0) this.#seen = result;
    });
  }

  /** Lines known to be acknowledged; the process may be further. */
  get seen(): number {
    return this.#seen;
  }

  /** Resolves when all lines are acknowledged, or the stream has failed. */
  async write(job: SharingJob): Promise<void> {
    this.#seen = 0;
    this.#isDone = false;
    await this.#remote.call('write', job);
    this.#isDone = true;
  }

  /** Resolves when so many lines are acknowledged, or the writer is done. */
  async reach(count: number): Promise<void> {
    while (this.#seen < count && !this.#isDone) await once(this.#remote.process, 'message');
  }

  /** Lines acknowledged by now. */
  acknowledged(): Promise<number> {
    return this.#remote.call('acknowledged');
  }

  end(): Promise<SharingReport> {
    return this.#remote.call('end') as Promise<SharingReport>;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#remote.process.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remote.kill();
  }
}
