import { Remote } from '../../test/helpers/remote.js';
import type { Assignment, Contender } from './assignment.js';
import type { ContenderFunctions, Measurement } from './contender-process.js';
import { isQuick } from './flags.js';

export interface ProcessOptions {
  /** File with a certificate that the processes trust. */
  readonly certificateFile: string | undefined;

  /** Flags of Node.js. */
  readonly execArgv?: readonly string[] | undefined;

  /** Whether each run has a new process. */
  readonly isFresh?: boolean | undefined;
}

/**
 * Runs each contender in its own process, which starts when it is needed. A quick check of the
 * harness uses one process for all of them.
 */
export class ContenderProcesses implements AsyncDisposable {
  readonly #options: ProcessOptions;
  readonly #processes = new Map<object, Remote<ContenderFunctions>>();

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  /** @param owner The process of this owner runs the contender. */
  async run(owner: object, contender: Contender, assignment: Assignment): Promise<Measurement> {
    const isNew = !this.#processes.has(owner);
    const remote = this.#processOf(isQuick ? this : owner);
    if (isNew && !isQuick && isAlternating(contender)) await remote.call('keepOffFirstProcessor');
    const measurement = await remote.call('run', contender.module, assignment);
    if (this.#options.isFresh) await this.end();
    return measurement;
  }

  /** Ends the processes; a later run starts a new one. */
  async end(): Promise<void> {
    if (!isQuick) await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const processes = [...this.#processes.values()];
    this.#processes.clear();
    await Promise.all(processes.map((process) => process.kill()));
  }

  #processOf(owner: object): Remote<ContenderFunctions> {
    const { certificateFile, execArgv = [] } = this.#options;
    let remote = this.#processes.get(owner);
    if (remote === undefined) {
      const env = {
        ...process.env,
        ...(certificateFile && { NODE_EXTRA_CA_CERTS: certificateFile }),
      };
      remote = new Remote('bench/harness/contender-process', { env, execArgv: [...execArgv] });
      this.#processes.set(owner, remote);
    }
    return remote;
  }
}

/** Whether it does its work in one thread, and takes turns with the store. */
function isAlternating({ isLocal, isThreaded }: Contender): boolean {
  return !isLocal && !isThreaded;
}
