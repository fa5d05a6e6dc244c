/** Bytes that are ready to be sent, and the slab they lie in. */
export interface SeparatedChunk {
  readonly chunk: Buffer;
  readonly slab: Buffer;

  /** Whether it begins within a record, whose beginning is in the chunk before. */
  readonly isWithinRecord: boolean;
}

/** Chunks that wait to be cut, the oldest first. */
export class ChunkQueue {
  readonly #chunks: SeparatedChunk[] = [];
  #byteLength = 0;
  #memory = 0;

  get count(): number {
    return this.#chunks.length;
  }

  /** Bytes in the chunks. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Bytes of their slabs, which a chunk that ends early does not fill. */
  get memory(): number {
    return this.#memory;
  }

  /** Bytes in the oldest; `undefined` if none waits. */
  get nextLength(): number | undefined {
    return this.#chunks[0]?.chunk.byteLength;
  }

  /** The chunks' bytes, by reference. */
  get pieces(): Buffer[] {
    return this.#chunks.map(({ chunk }) => chunk);
  }

  push(separated: SeparatedChunk): void {
    this.#chunks.push(separated);
    this.#byteLength += separated.chunk.byteLength;
    this.#memory += separated.slab.byteLength;
  }

  shift(): SeparatedChunk | undefined {
    const separated = this.#chunks.shift();
    if (separated === undefined) return undefined;
    this.#byteLength -= separated.chunk.byteLength;
    this.#memory -= separated.slab.byteLength;
    return separated;
  }
}
