/** Something that must not happen, told with all that is needed to look into it. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
