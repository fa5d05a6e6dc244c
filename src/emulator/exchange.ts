import { setTimeout as wait } from 'node:timers/promises';
import { isOpenToAll } from './authorization/anonymous-access.js';
import { authorize } from './authorization/authorization.js';
import { findPosition } from './checks/position.js';
import { assertBucket, assertKey } from './checks/target-check.js';
import type { Emulation, RequestRecord } from './emulation.js';
import type { Fault } from './faults/fault.js';
import {
  alterAnswer,
  defaultDelay,
  gatewayAnswer,
  strikeBeforeApply,
  strikeEarly,
} from './faults/fault-effects.js';
import { maxObjectSize } from './objects/object-size.js';
import { findOperation, notImplemented } from './operations/find-operation.js';
import type { Operation, OperationContext } from './operations/operation.js';
import type { Answer } from './protocol/answer.js';
import { errorAnswer } from './protocol/error-document.js';
import { Hangup } from './protocol/hangup.js';
import { internalError, OssError } from './protocol/oss-error.js';
import { type OssRequest, parseRequest } from './protocol/request.js';
import { noBody, type ReceivedBody, readBody } from './protocol/request-body.js';
import { createRequestId } from './protocol/request-id.js';
import { type ExchangeSides, sendAnswer, sendCutAnswer } from './protocol/send-answer.js';

/** The two sides of an exchange. */
export interface ExchangeOptions extends ExchangeSides {
  /** Whether the client waits for `100 Continue`. */
  readonly expectsContinue: boolean;
}

/** One request, from its head to the end of its answer, with the fault that fires on it. */
export class Exchange {
  readonly #emulation: Emulation;
  readonly #options: ExchangeOptions;
  readonly #startedAt = performance.now();
  readonly #requestId = createRequestId();

  // Set as processing advances; the log has the values known when the request ended.
  #request: OssRequest | undefined;
  #operation: Operation | undefined;
  #fault: Fault | undefined;
  #byteLength = 0;

  /** Work to finish after the connection is closed. Never rejects. */
  #late: Promise<unknown> = Promise.resolve();

  constructor(emulation: Emulation, options: ExchangeOptions) {
    this.#emulation = emulation;
    this.#options = options;
  }

  /**
   * Resolves when the answer is sent or the connection closed, and no late work is left. Never
   * rejects.
   */
  async run(): Promise<void> {
    const { incoming, response } = this.#options;
    try {
      const answer = await this.#decide();
      await this.#deliver(this.#addHeaders(answer));
    } catch (error) {
      if (error instanceof Hangup) this.#log(0);
      response.destroy();
      incoming.socket.destroy();
    }
    await this.#late;
  }

  async #decide(): Promise<Answer> {
    const answer = await this.#process().catch((error) => this.#refuse(error));
    const kind = this.#fault?.kind;
    if (kind === undefined) return answer;
    if (kind === 'error-500-after') return this.#refuse(internalError());
    return alterAnswer(kind, answer);
  }

  #refuse(error: unknown): Answer {
    if (error instanceof Hangup || this.#emulation.signal.aborted) throw new Hangup();
    const { method = '', headers } = this.#options.incoming;
    return errorAnswer(error instanceof OssError ? error : internalError(String(error)), {
      method,
      requestId: this.#requestId,
      hostId: headers.host ?? '',
    });
  }

  /** The checks run in the same order as in OSS. */
  async #process(): Promise<Answer> {
    const { clock, credentials, faults, host, objects, region } = this.#emulation;
    const { incoming, expectsContinue } = this.#options;
    const request = parseRequest(incoming, { host, expectsContinue });
    this.#request = request;
    const operation = findOperation(request);
    this.#operation = operation;
    if (operation) this.#fault = faults.take({ operation: operation.name, key: request.key });
    if (this.#fault?.kind === 'skew') clock.jump();
    if (credentials && !isOpenToAll(request, operation, objects)) {
      authorize(request, {
        credentials,
        region,
        now: clock.now(),
        assertBucket: () => operation && assertBucket(request, operation, objects),
      });
    }
    if (operation === undefined) throw notImplemented();
    assertBucket(request, operation, objects);
    assertKey(request);

    const context = this.#contextOf(request);
    operation.check?.(context);
    if (this.#fault) strikeEarly(this.#fault.kind, context);
    const body = operation.readsBody ? await this.#readBody(operation) : noBody;
    if (this.#fault?.kind === 'apply-late') this.#applyLater(operation, context, body);
    return this.#apply(operation, context, body);
  }

  #contextOf(request: OssRequest): OperationContext {
    const { clock, crc64, objects, region } = this.#emulation;
    const { bucket = '', key = '' } = request;
    return { request, bucket, key, objects, crc64, region, now: () => clock.now() };
  }

  #readBody({ maxBodySize: limit = maxObjectSize }: Operation): Promise<ReceivedBody> {
    const { incoming, response, expectsContinue } = this.#options;
    const { crc64, slabs } = this.#emulation;
    if (expectsContinue) response.writeContinue();
    const declared = Number(incoming.headers['content-length'] ?? 1);
    const onProgress = (byteLength: number) => {
      this.#byteLength = byteLength;
      if (this.#fault?.kind === 'cut-request' && byteLength * 2 >= declared) throw new Hangup();
    };
    return readBody(incoming, { crc64, slabs, limit, onProgress });
  }

  async #apply(
    operation: Operation,
    context: OperationContext,
    body: ReceivedBody,
  ): Promise<Answer> {
    try {
      const scene = { ...context, signal: this.#emulation.signal };
      if (this.#fault) await strikeBeforeApply(this.#fault, scene, body);
      return await operation.apply(context, body);
    } finally {
      body.release();
    }
  }

  /** Ignores failures: the client is gone. */
  #applyLater(operation: Operation, context: OperationContext, body: ReceivedBody): never {
    const { signal } = this.#emulation;
    this.#late = wait(this.#fault?.delay ?? defaultDelay, undefined, { signal })
      .then(() => this.#apply(operation, context, body))
      .catch(() => {});
    throw new Hangup();
  }

  /** Adds the headers that are in every answer of OSS, unless a gateway answers. */
  #addHeaders(answer: Answer): Answer {
    const { incoming } = this.#options;
    const kind = this.#fault?.kind;
    if (kind === 'error-502-after') return gatewayAnswer(incoming.method ?? '');
    const headers = {
      server: 'AliyunOSS',
      date: this.#emulation.clock.now().toUTCString(),
      ...answer.headers,
      ...(kind === 'early-conflict' ? { connection: 'close' } : {}),
      'x-oss-request-id': this.#requestId,
      'x-oss-server-time': String(Math.round(performance.now() - this.#startedAt)),
    };
    return { ...answer, headers };
  }

  async #deliver(answer: Answer): Promise<void> {
    switch (this.#fault?.kind) {
      case 'drop-answer':
        throw new Hangup();
      case 'cut-answer':
        this.#log(0);
        return sendCutAnswer(answer, this.#options);
      case 'stall':
        if (this.#fault.delay === undefined) return this.#log(0);
        await wait(this.#fault.delay, undefined, { signal: this.#emulation.signal });
        break;
      default:
    }
    this.#log(this.#options.incoming.socket.destroyed ? 0 : answer.status);
    await sendAnswer(answer, this.#options);
  }

  #log(status: number): void {
    const { bucket, key } = this.#request ?? {};
    const position = this.#request && findPosition(this.#request);
    const record: RequestRecord = {
      operation: this.#operation?.name ?? 'unsupported',
      ...(bucket === undefined ? {} : { bucket: cutName(bucket) }),
      ...(key === undefined ? {} : { key: cutName(key) }),
      ...(position === undefined ? {} : { position }),
      byteLength: this.#byteLength,
      status,
      ...(this.#fault === undefined ? {} : { fault: this.#fault.kind }),
    };
    this.#emulation.record(record);
  }
}

/** Longest logged name in characters: OSS accepts no longer one. */
const maxNameLength = 1024;

function cutName(name: string): string {
  if (name.length <= maxNameLength) return name;
  // Copy: a slice would keep the whole name in memory.
  return Buffer.from(name.slice(0, maxNameLength)).toString();
}
