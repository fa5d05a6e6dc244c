import { inspect } from 'node:util';
import type { AppendWritable } from 'oss-append-stream';

const eventsKept = 30;

/** The last events of a stream. */
export class StreamLog {
  readonly #stream: AppendWritable;
  readonly #events: string[] = [];

  constructor(stream: AppendWritable) {
    this.#stream = stream;
    for (const event of ['ready', 'retry', 'reconcile', 'commit', 'error', 'finish']) {
      stream.on(event, (payload: unknown) => this.#note(`${event} ${show(payload)}`));
    }
  }

  /** The state of the stream and its last events. */
  toString(): string {
    const events = this.#events.map((event) => `  ${event}`);
    return [inspect(this.#stream), 'last events:', ...events].join('\n');
  }

  #note(event: string): void {
    this.#events.push(`${performance.now().toFixed(1)} ${event}`);
    if (this.#events.length > eventsKept) this.#events.shift();
  }
}

function show(payload: unknown): string {
  if (payload instanceof Error) return `${payload.name}: ${payload.message}`;
  return JSON.stringify(payload, (_, value) => (value instanceof Error ? value.message : value));
}
