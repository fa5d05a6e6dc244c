import { Readable } from 'node:stream';
import type { AppendClient, AppendReceipt, ObjectState } from '../../src/append/append-client.js';
import { combineCrc64, loadCrc64 } from '../../src/crc64.js';
import { NotAppendableError } from '../../src/errors.js';
import { failure } from '../append/scripted-client.js';

const crc64 = await loadCrc64();

/** A chunk in an object, and the writer that appended it. */
export interface StoredChunk {
  readonly author: number;
  readonly key: string;

  /** Position of its first byte in the object. */
  readonly start: number;
  readonly bytes: Buffer;
}

/**
 * Takes a call of a client to the store and its answer back: decides when the call is executed, by
 * `execute`, and whether at all.
 */
export type Network = <Answer>(operation: Operation, execute: () => Answer) => Promise<Answer>;

export type Operation = 'append' | 'head' | 'get' | 'seal';

interface StoredObject {
  length: number;
  crc64: bigint;
  isSealed: boolean;
  readonly chunks: StoredChunk[];
}

/** Objects in memory that several writers append to, each with a client of its own. */
export class SharedStore {
  /** All chunks of all objects, in the order in which they were stored. */
  readonly chunks: StoredChunk[] = [];
  readonly #objects = new Map<string, StoredObject>();

  /** Keys of the objects, in the order in which they were made. */
  get keys(): string[] {
    return [...this.#objects.keys()];
  }

  lengthOf(key: string): number {
    return this.#objects.get(key)?.length ?? 0;
  }

  /** What a writer has stored: in all objects, or in a range of one. */
  bytesOf(
    author: number,
    { key, start = 0, end = Number.POSITIVE_INFINITY }: Partial<Range> = {},
  ): Buffer {
    const own = this.chunks.filter(
      (chunk) => chunk.author === author && (key === undefined || chunk.key === key),
    );
    return Buffer.concat(own.map((chunk) => within(chunk, { start, end })));
  }

  clientOf(author: number, network: Network): AppendClient {
    return {
      appendObject: (key, position, body) => {
        // A copy, because the request may arrive after the writer has given up on it.
        const bytes = Buffer.from(body);
        return network('append', () => this.#append(author, { key, position, bytes }));
      },
      headObject: (key) => network('head', () => this.#head(key)),
      getObject: (key, { start = 0, end = Number.POSITIVE_INFINITY } = {}) =>
        network('get', () => this.#get({ key, start, end })),
      sealAppendObject: (key, position) => network('seal', () => this.#seal(key, position)),
      close: async () => {},
    };
  }

  #append(
    author: number,
    { key, position, bytes }: { key: string; position: number; bytes: Buffer },
  ): AppendReceipt {
    const { length = 0, isSealed } = this.#objects.get(key) ?? {};
    if (isSealed) throw sealedError(key);
    if (position !== length) throw failure.conflict(length);
    const object = this.#objects.get(key) ?? { length, crc64: 0n, isSealed: false, chunks: [] };
    this.#objects.set(key, object);
    const chunk = { author, key, start: position, bytes };
    object.chunks.push(chunk);
    this.chunks.push(chunk);
    object.length += bytes.byteLength;
    object.crc64 = combineCrc64(object.crc64, crc64(bytes), bytes.byteLength);
    return { nextPosition: object.length, crc64: object.crc64 };
  }

  #head(key: string): ObjectState | undefined {
    const object = this.#objects.get(key);
    if (object === undefined) return undefined;
    const { length, isSealed } = object;
    return { length, crc64: object.crc64, appendable: true, sealed: isSealed };
  }

  #get({ key, ...range }: Range): Readable {
    const object = this.#objects.get(key);
    if (object === undefined) throw failure.fatal();
    return Readable.from([Buffer.concat(object.chunks.map((chunk) => within(chunk, range)))]);
  }

  #seal(key: string, position: number): void {
    const object = this.#objects.get(key);
    if (object?.length !== position) throw failure.conflict(object?.length);
    object.isSealed = true;
  }
}

function sealedError(key: string): NotAppendableError {
  return new NotAppendableError(`"${key}" is sealed`, { key, objectType: 'Appendable' });
}

interface Range {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** The part of a chunk that lies in a range of its object. */
function within(
  { start: first, bytes }: StoredChunk,
  { start, end }: { readonly start: number; readonly end: number },
): Buffer {
  return bytes.subarray(Math.max(0, start - first), Math.max(0, end - first));
}
