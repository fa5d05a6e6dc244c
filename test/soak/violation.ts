/** A broken guarantee, with the details that are needed to investigate it. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
