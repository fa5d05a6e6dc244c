import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExchangeSides } from './protocol/send-answer.js';

/** Requests without an answer at which no more are read. */
const maxUnanswered = 16;

/**
 * Serves the requests of one connection in turn, however many the client sends at once. Side by
 * side, one would not see what the one before it did, and their answers, which can only leave in
 * order, would all be kept in memory for a client that does not read.
 */
export class Connection {
  readonly #socket: Socket;

  /** The newest request, and its turn, which never rejects. */
  #newest: ExchangeSides | undefined;
  #last: Promise<void> = Promise.resolve();
  #unanswered = 0;
  #isHeldBack = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('resume', () => this.#stayBack());
  }

  /** Whether an answer sent now would be taken for that to the bytes that came last. */
  get isHeard(): boolean {
    const { incoming, response } = this.#newest ?? {};
    if (this.#unanswered === 0) return true;
    return this.#unanswered === 1 && incoming?.complete === false && !response?.headersSent;
  }

  /**
   * Calls `answer` when all earlier requests are answered, or not at all if the connection is dead
   * by then. Resolves when the response is out, or nobody is there to read it.
   *
   * @param answer Must not reject.
   */
  serve(sides: ExchangeSides, answer: () => Promise<void>): Promise<void> {
    const { response } = sides;
    const isNext = this.#unanswered === 0;
    this.#newest = sides;
    this.#unanswered++;
    // Not at once: at the end of a request Node reads on.
    if (this.#unanswered >= maxUnanswered) process.nextTick(() => this.#holdBack());
    this.#last = this.#last.then(async () => {
      // A client that sends much at once must not keep the others from being heard.
      if (!isNext) await nextTurn();
      if (!this.#socket.destroyed) await Promise.all([this.#untilOver(response), answer()]);
      this.#unanswered--;
      this.#readOn();
    });
    return this.#last;
  }

  /** Asks the socket too: a response behind one of Node's own never hears that the client left. */
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

  #holdBack(): void {
    if (this.#unanswered < maxUnanswered) return;
    this.#isHeldBack = true;
    this.#socket.pause();
  }

  /** Whoever reads a body lets Node read on; that is only needed where its end is still to come. */
  #stayBack(): void {
    if (this.#isHeldBack && this.#newest?.incoming.complete) this.#socket.pause();
  }

  #readOn(): void {
    if (this.#unanswered >= maxUnanswered || !this.#isHeldBack) return;
    this.#isHeldBack = false;
    this.#socket.resume();
  }
}
