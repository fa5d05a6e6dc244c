/** Thrown to end an exchange without an answer; the connection gets closed. */
export class Hangup extends Error {
  override readonly name = 'Hangup';
}
