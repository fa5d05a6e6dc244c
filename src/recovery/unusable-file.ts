/** A file cannot be read, or is not a file of uncommitted bytes. */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
}
