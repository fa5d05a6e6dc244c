import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExchangeSides } from './protocol/send-answer.js';

/** Number of unanswered requests at which reading pauses. */
const maxUnanswered = 16;

/**
 * Serves the requests of one connection one by one, even if the client pipelines them. Served
 * concurrently, a request would not see the effect of the one before it, and all answers, which
 * must be sent in order, would be held in memory for a client that does not read.
 */
export class Connection {
  readonly #socket: Socket;

  /** The newest request. */
  #newest: ExchangeSides | undefined;
  /** Resolves when the newest request is served; never rejects. */
  #last: Promise<void> = Promise.resolve();
  #unanswered = 0;
  #isPaused = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('resume', () => this.#pauseAgain());
  }

  /** Whether an answer sent now belongs to the newest request (not to an earlier, unanswered one). */
  get isHeard(): boolean {
    const { incoming, response } = this.#newest ?? {};
    if (this.#unanswered === 0) return true;
    return this.#unanswered === 1 && incoming?.complete === false && !response?.headersSent;
  }

  /**
   * Calls `answer` when all earlier requests are answered, or not at all if the connection has
   * closed by then. Resolves when the response is sent or the connection is closed.
   *
   * @param answer Must not reject.
   */
  serve(sides: ExchangeSides, answer: () => Promise<void>): Promise<void> {
    const { response } = sides;
    const isNext = this.#unanswered === 0;
    this.#newest = sides;
    this.#unanswered++;
    // Deferred: Node resumes the socket at the end of a request.
    if (this.#unanswered >= maxUnanswered) process.nextTick(() => this.#pause());
    this.#last = this.#last.then(async () => {
      // A client that pipelines many requests must not starve other clients.
      if (!isNext) await nextTurn();
      if (!this.#socket.destroyed) await Promise.all([this.#untilOver(response), answer()]);
      this.#unanswered--;
      this.#resume();
    });
    return this.#last;
  }

  /** Watches the socket too: a response queued after one of Node's own gets no 'close' event. */
  #untilOver(response: ExchangeSides['response']): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        response.off('close', finish);
        this.#socket.off('close', finish);
        resolve();
      };
      response.on('close', finish);
      this.#socket.on('close', finish);
    });
  }

  #pause(): void {
    if (this.#unanswered < maxUnanswered) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Reading a body resumes the socket; that is needed only until the body is complete. */
  #pauseAgain(): void {
    if (this.#isPaused && this.#newest?.incoming.complete) this.#socket.pause();
  }

  #resume(): void {
    if (this.#unanswered >= maxUnanswered || !this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }
}
