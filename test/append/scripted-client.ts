import { Readable } from 'node:stream';
import type {
  AppendClient,
  AppendFailure,
  AppendObjectOptions,
  AppendOutcome,
  AppendReceipt,
  CopiedCreation,
  GetObjectOptions,
  ObjectState,
  RequestOptions,
} from '../../src/append/append-client.js';
import { loadCrc64 } from '../../src/crc64.js';

const crc64 = await loadCrc64();

/** Creates a failure as a client throws it. */
export class ScriptedFailure extends Error implements AppendFailure {
  override readonly name = 'ScriptedFailure';
  readonly outcome: AppendOutcome;
  readonly answered: boolean | undefined;
  readonly actualLength: number | undefined;

  constructor(outcome: AppendOutcome, fields: { answered?: boolean; actualLength?: number } = {}) {
    super(`A scripted failure: ${outcome}`);
    this.outcome = outcome;
    this.answered = fields.answered;
    this.actualLength = fields.actualLength;
  }
}

/** The failures of the port, by their names in the tests. */
export const failure = {
  rejected: () => new ScriptedFailure('rejected'),
  answered: () => new ScriptedFailure('unknown', { answered: true }),
  unanswered: () => new ScriptedFailure('unknown', { answered: false }),
  conflict: (actualLength?: number) =>
    new ScriptedFailure('conflict', actualLength === undefined ? {} : { actualLength }),
  forbidden: () => new ScriptedFailure('forbidden'),
  fatal: () => new ScriptedFailure('fatal'),
};

interface ScriptedObject {
  bytes: Buffer;
  appendable: boolean;
  sealed: boolean;
  objectType: string;
  readonly creation: CopiedCreation | undefined;
}

/** One call, as passed to a behaviour. */
interface ScriptedCall {
  readonly client: ScriptedClient;

  /** Executes the call, and returns the answer or throws the refusal. */
  readonly apply: () => unknown;

  /** For an append: applies only the first `byteLength` bytes of its body. */
  readonly applyPart: (byteLength: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** Answers one call. */
export type Behaviour = (call: ScriptedCall) => unknown;

export const answer: Behaviour = ({ apply }) => apply();

/** Fails without executing the call. */
export function failWith(thrown: unknown): Behaviour {
  return () => {
    throw thrown;
  };
}

/** Executes the call, then fails. */
export function applyThenFail(thrown: unknown): Behaviour {
  return ({ apply }) => {
    apply();
    throw thrown;
  };
}

/** Stores only the first `byteLength` bytes, as a cut connection may, and fails. */
export function applyPartThenFail(byteLength: number, thrown: unknown): Behaviour {
  return ({ applyPart }) => {
    applyPart(byteLength);
    throw thrown;
  };
}

/** Fails, and executes the call when the test calls `land()`. */
export function failThenLand(thrown: unknown): Behaviour {
  return ({ client, apply }) => {
    client.late.push(apply);
    throw thrown;
  };
}

/** Changes the object before the call arrives. */
export function preceded(event: (client: ScriptedClient) => void, behaviour = answer): Behaviour {
  return (call) => {
    event(call.client);
    return behaviour(call);
  };
}

/** Executes the call, and changes the answer. */
export function answerWith(changes: Partial<AppendReceipt & ObjectState>): Behaviour {
  return ({ apply }) => ({ ...(apply() as object), ...changes });
}

/** Never answers, and rejects when its signal fires. */
export const hang: Behaviour = ({ signal }) =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** Never answers, and ignores its signal. */
export const ignoreSignal: Behaviour = () => new Promise(() => {});

type Operation = 'append' | 'head' | 'get' | 'seal';

/**
 * One object in memory with a real compare-and-append, and a script of behaviours: the calls of
 * an operation take its behaviours in order, and are answered normally when none are left.
 */
export class ScriptedClient implements AppendClient {
  object: ScriptedObject | undefined;

  /** Whether receipts and states have the checksum. */
  tellsCrc64 = true;

  /** Whether HEAD and GET are forbidden, as for write-only credentials. */
  refusesReading = false;

  /** Appends that failed but may still land. */
  readonly late: (() => unknown)[] = [];

  /** Calls in order, such as `append 10+5` (position and length), `head`, `get 10-15`. */
  readonly calls: string[] = [];

  /** The options of each call. */
  readonly options: AppendObjectOptions[] = [];

  readonly #script: Record<Operation, Behaviour[]> = { append: [], head: [], get: [], seal: [] };

  /** @param contents Content of the object, which does not exist if it is `undefined`. */
  constructor(contents?: string | Uint8Array) {
    if (contents !== undefined) this.create(Buffer.from(contents));
  }

  /** The object as text. */
  get contents(): string | undefined {
    return this.object?.bytes.toString();
  }

  /** Adds to the script of `operation`. */
  script(operation: Operation, ...behaviours: Behaviour[]): this {
    this.#script[operation].push(...behaviours);
    return this;
  }

  create(bytes: Buffer, creation?: CopiedCreation): ScriptedObject {
    this.object = {
      bytes,
      creation,
      appendable: true,
      sealed: false,
      objectType: 'Appendable',
    };
    return this.object;
  }

  /** Another writer appends. */
  strangerAppends(bytes: string | Uint8Array): void {
    const object = this.object ?? this.create(Buffer.alloc(0));
    object.bytes = Buffer.concat([object.bytes, Buffer.from(bytes)]);
  }

  /** Executes all appends that may still land. */
  land(): void {
    for (const apply of this.late.splice(0)) {
      try {
        apply();
      } catch {
        // The position no longer fits, and no caller is waiting for the refusal.
      }
    }
  }

  async appendObject(
    _key: string,
    position: number,
    body: Uint8Array,
    options: AppendObjectOptions = {},
  ): Promise<AppendReceipt> {
    const bytes = Buffer.from(body);
    return (await this.#run('append', `append ${position}+${bytes.byteLength}`, options, {
      apply: () => this.#append(position, bytes, options.create),
      applyPart: (length) => this.#append(position, bytes.subarray(0, length), options.create),
    })) as AppendReceipt;
  }

  async headObject(_key: string, options: RequestOptions = {}): Promise<ObjectState | undefined> {
    const apply = () => this.#head();
    return (await this.#run('head', 'head', options, { apply })) as ObjectState | undefined;
  }

  async getObject(_key: string, options: GetObjectOptions = {}): Promise<Readable> {
    const { start, end } = options;
    const apply = () => this.#get(start, end);
    return (await this.#run('get', `get ${start}-${end}`, options, { apply })) as Readable;
  }

  async sealAppendObject(_key: string, position: number, options: RequestOptions = {}) {
    const apply = () => this.#seal(position);
    await this.#run('seal', `seal ${position}`, options, { apply });
  }

  async close(): Promise<void> {}

  #run(
    operation: Operation,
    call: string,
    options: RequestOptions,
    effects: { apply: () => unknown; applyPart?: (byteLength: number) => void },
  ): unknown {
    this.calls.push(call);
    this.options.push(options);
    const behaviour = this.#script[operation].shift() ?? answer;
    return behaviour({
      client: this,
      applyPart: () => {
        throw new TypeError(`A ${operation} has no part to apply`);
      },
      ...effects,
      signal: options.signal,
    });
  }

  #append(position: number, bytes: Buffer, creation: CopiedCreation | undefined): AppendReceipt {
    const length = this.object?.bytes.byteLength ?? 0;
    if (this.object !== undefined && (this.object.sealed || !this.object.appendable)) {
      throw failure.fatal();
    }
    if (position !== length) throw failure.conflict(length);
    const object = this.object ?? this.create(Buffer.alloc(0), creation);
    object.bytes = Buffer.concat([object.bytes, bytes]);
    return {
      nextPosition: object.bytes.byteLength,
      crc64: this.tellsCrc64 ? crc64(object.bytes) : undefined,
      requestId: `request-${this.calls.length}`,
    };
  }

  #head(): ObjectState | undefined {
    if (this.refusesReading) throw failure.forbidden();
    if (this.object === undefined) return undefined;
    const { bytes, appendable, sealed, objectType } = this.object;
    return {
      length: bytes.byteLength,
      crc64: this.tellsCrc64 ? crc64(bytes) : undefined,
      appendable,
      sealed,
      objectType,
    };
  }

  #get(start: number | undefined, end: number | undefined): Readable {
    if (this.refusesReading) throw failure.forbidden();
    if (this.object === undefined) throw failure.fatal();
    return Readable.from([this.object.bytes.subarray(start, end)]);
  }

  #seal(position: number): void {
    if (this.object?.bytes.byteLength !== position) throw failure.conflict();
    this.object.sealed = true;
  }
}
