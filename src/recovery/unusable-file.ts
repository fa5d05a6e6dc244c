/** A file of uncommitted bytes cannot be read, or is none. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
}
