import type { Place } from '../../buffer/acknowledgements.js';
import type { Callback } from '../../callback.js';
import type { DropCounter } from './drop-counter.js';
import type { LineGate, LineSink } from './line-gate.js';

/** Passes everything on; only marks where others have dropped lines. */
export class DropNothing implements LineGate {
  readonly byteLength = 0;
  readonly #sink: LineSink;
  readonly #counter: DropCounter;

  constructor(sink: LineSink, counter: DropCounter) {
    this.#sink = sink;
    this.#counter = counter;
  }

  write(data: string | Uint8Array, callback?: Callback): void {
    this.end();
    this.#sink.write(data, callback);
  }

  append(bytes: Uint8Array): Promise<Place> {
    this.end();
    return this.#sink.append(bytes);
  }

  resume(): void {}

  handOver(): void {}

  end(): void {
    const marker = this.#counter.takeMarker();
    if (marker !== undefined) this.#sink.write(marker);
  }

  takeRest(): Buffer {
    return this.#counter.takeMarker() ?? Buffer.alloc(0);
  }

  fail(): void {}
}
