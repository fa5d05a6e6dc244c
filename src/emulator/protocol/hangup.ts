/** Thrown where an exchange ends without an answer: the connection dies, or has died already. */
export class Hangup extends Error {
  override readonly name = 'Hangup';
}
