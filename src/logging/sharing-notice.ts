import { printNotice } from './standard-error.js';

/** Prints a line to standard error about what a log should know that shares its object; each once. */
export class SharingNotice {
  readonly #nameObject: () => string;
  readonly #print: (message: string) => void;

  /** Position at which the chunk in flight was refused. */
  #refusedAt: number | undefined;
  #isShared = false;
  #isHeadForbidden = false;

  /** @param nameObject Returns the name of the current object, for the messages. */
  constructor(nameObject: () => string, print = printNotice) {
    this.#nameObject = nameObject;
    this.#print = print;
  }

  /** The store forbids HEAD. */
  headForbidden(): void {
    this.#isHeadForbidden = true;
  }

  /** The chunk in flight was refused at `position`, and goes to the end of the object. */
  rebased(position: number): void {
    this.#refusedAt = position;
  }

  /** A request other than HEAD has succeeded: forbidden is HEAD alone. */
  succeeded(): void {
    if (!this.#isHeadForbidden) return;
    this.#isHeadForbidden = false;
    this.#print(
      `HEAD of ${this.#nameObject()} is forbidden: if an answer is lost while another process appends, the log cannot find out what became of its lines, and ends; oss:GetObject allows HEAD`,
    );
  }

  /** The chunk in flight has been committed at `position`. */
  committed(position: number): void {
    const refusedAt = this.#refusedAt;
    this.#refusedAt = undefined;
    // Nobody has appended to an object that is shorter than before.
    if (this.#isShared || refusedAt === undefined || position <= refusedAt) return;
    this.#isShared = true;
    this.#print(
      `another process appends to ${this.#nameObject()} too, and they share it line by line: if that is a mistake, give each a key of its own`,
    );
  }
}
