import type { AppendWritable, UncommittedBytes } from '../../src/index.js';
import type { ObjectHistory } from './object-history.js';
import type { SimulatedClient } from './simulated-client.js';
import { sourceData } from './source-data.js';
import type { User } from './user.js';

interface Scene {
  readonly history: ObjectHistory;
  readonly client: SimulatedClient;
  readonly user: User;
}

/** Compares, after every event, what the stream says with what is true. */
export class Witness {
  readonly problems: string[] = [];

  /** `finished`, `destroyed`, or the code of the error. */
  outcome = 'hangs';
  readonly #stream: AppendWritable;
  readonly #scene: Scene;
  #rest: UncommittedBytes | undefined;
  #base: number | undefined;
  #failure: Error | undefined;
  #positionBefore = 0;

  constructor(stream: AppendWritable, scene: Scene) {
    this.#stream = stream;
    this.#scene = scene;
    stream.on('ready', ({ position }) => {
      this.#base = position;
    });
    stream.on('error', (error) => {
      this.#failure = error;
    });
    stream.on('finish', () => {
      this.outcome = 'finished';
    });
    stream.on('close', () => {
      this.#rest = stream.takeUncommitted();
      if (this.outcome === 'finished') return;
      const code = Reflect.get(this.#failure ?? {}, 'code') ?? this.#failure?.name;
      this.outcome = code === undefined ? 'destroyed' : String(code);
    });
  }

  check(): void {
    const { history, client, user } = this.#scene;
    const { bytesWritten, position } = this.#stream;
    this.problems.push(...history.problems.splice(0), ...user.problems.splice(0));
    const say = (isWrong: boolean, text: string) => isWrong && this.problems.push(text);
    say(bytesWritten > history.mostOurs, `bytesWritten ${bytesWritten} overstates`);
    say(user.acknowledged > bytesWritten, `acknowledged ${user.acknowledged} of ${bytesWritten}`);
    say(client.inFlight > 1, `${client.inFlight} chunks in flight`);
    if (this.#base !== undefined) {
      say(position !== this.#base + bytesWritten, `position ${position} is not ${bytesWritten} on`);
    }
    say((position ?? 0) < this.#positionBefore, 'the position has decreased');
    this.#positionBefore = position ?? 0;
  }

  /** Nothing moves any more, and nothing is under way. */
  conclude(isSurvivable: boolean): void {
    const { history, user } = this.#scene;
    const { bytesWritten } = this.#stream;
    const say = (isWrong: boolean, text: string) => isWrong && this.problems.push(text);
    say(!this.#stream.closed, 'it hangs');
    say(
      isSurvivable && !user.hasGivenUp && this.outcome !== 'finished',
      `gave up: ${this.#failure}`,
    );
    if (this.outcome === 'finished') {
      say(bytesWritten !== user.written, `finished with ${bytesWritten} of ${user.written}`);
      say(this.#rest !== undefined, 'finished, and hands something back');
      say(history.current === undefined && !history.isTampered, 'finished without an object');
      return;
    }
    const rest = this.#rest?.bytes ?? Buffer.alloc(0);
    const due = user.written - bytesWritten;
    say(rest.length !== due, `hands back ${rest.length} bytes of ${due}`);
    say(!rest.equals(sourceData.subarray(bytesWritten, user.written)), 'hands back other bytes');
    const isConfirmed = this.#rest?.confirmed ?? true;
    const ours = history.current?.ours ?? 0;
    say(isConfirmed && ours > bytesWritten, 'confirmed, and yet they got there');
  }
}
