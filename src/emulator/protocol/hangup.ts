/** Thrown to end an exchange without an answer: the connection is closed, or is to be closed. */
export class Hangup extends Error {
  override readonly name = 'Hangup';
}
